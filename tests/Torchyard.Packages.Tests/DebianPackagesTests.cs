using Microsoft.Extensions.Time.Testing;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;

namespace Torchyard.Packages.Tests;

/// <summary>From recipe to checked files against a signed archive on loopback.</summary>
public sealed class DebianPackagesTests
{
    private static readonly Action<TestArchive> Few = archive =>
    {
        archive.Add("base", "1", "Essential: yes\nDepends: libbase");
        archive.Add("libbase", "2");
        archive.Add("tool", "1", "Depends: engine (>= 2) | fallback, libtool:any");
        archive.Add("tool", "2", "Depends: engine (>= 2) | fallback, libtool:any");
        archive.Add("engine", "1");
        archive.Add("fallback", "1", "Provides: engine-api (= 3)");
        archive.Add("libtool", "1", "Multi-Arch: allowed\nBreaks: old-tool");
        archive.Add("old-tool", "1");
        archive.Add("api-user", "1", "Depends: engine-api (>= 2)");
        archive.Add("api-hungry", "1", "Depends: engine-api (>= 4)");
        archive.Add("eager", "1", "Depends: tool\nConflicts: engine-api");
    };

    [Fact]
    public async Task A_recipe_is_locked_and_its_packages_come()
    {
        using var rig = new Rig(Few);
        var locked = await rig.Lock("tool", "api-user");
        Assert.Equal(
            ["api-user=1", "base=1", "fallback=1", "libbase=2", "libtool=1", "tool=2"],
            locked.Packages.Select(package => $"{package.Name}={package.Version}")
        );
        Assert.Equal(["base", "libbase"], locked.Packages.Where(package => package.Essential).Select(package => package.Name));
        Assert.Equal(["api-user", "tool"], locked.Packages.Where(package => package.Requested).Select(package => package.Name));
        Assert.Equal("http://deb.debian.org/debian", locked.Archives.Single().Uri);
        Assert.Equal(TestArchive.Date.ToUnixTimeSeconds(), locked.SourceDateEpoch);
        foreach (var (package, file) in rig.Fetch(locked))
        {
            Assert.Equal(
                rig.Archive.File("/" + package.Filename),
                await File.ReadAllBytesAsync(await file, TestContext.Current.CancellationToken)
            );
        }
    }

    [Fact]
    public async Task A_second_lock_reads_the_index_from_the_store_and_mends_a_damaged_one()
    {
        using var rig = new Rig(Few);
        var first = await rig.Lock("tool");
        await rig.Lock("tool");
        Assert.Equal(1, rig.Archive.Server.Requests.Count(request => request.Path.Contains("by-hash", StringComparison.Ordinal)));
        var index = Directory.GetFiles(Path.Combine(rig.Store, "indexes"), "*.packages").Single();
        var bytes = await File.ReadAllBytesAsync(index, TestContext.Current.CancellationToken);
        bytes[200] ^= 1;
        await File.WriteAllBytesAsync(index, bytes, TestContext.Current.CancellationToken);
        Assert.Equal(first.Packages, (await rig.Lock("tool")).Packages);
        Assert.Equal(2, rig.Archive.Server.Requests.Count(request => request.Path.Contains("by-hash", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_lock_made_again_reads_the_archive_as_it_was_and_offline_as_it_was_last()
    {
        using var rig = new Rig(Few);
        var first = await rig.Lock("api-user");
        rig.Archive.Add("libbase", "3");
        rig.Archive.Publish();

        var again = await rig.LockAgain(first.Archives, offline: false, "api-user", "libtool");
        Assert.Equal(first.Archives[0].ReleaseDigest, again.Archives[0].ReleaseDigest);
        Assert.Equal("2", again.Packages.Single(package => package.Name == "libbase").Version);
        var upgraded = await rig.Lock("api-user", "libtool");
        Assert.Equal("3", upgraded.Packages.Single(package => package.Name == "libbase").Version);

        rig.Archive.Answer = (_, _) => new Reply(500, []);
        var requests = rig.Archive.Server.Requests.Count;
        Assert.Equal(upgraded.Packages, (await rig.LockAgain([], offline: true, "api-user", "libtool")).Packages);
        Assert.Equal(again.Packages, (await rig.LockAgain(first.Archives, offline: true, "api-user", "libtool")).Packages);
        Assert.Equal(requests, rig.Archive.Server.Requests.Count);
    }

    [Fact]
    public async Task Offline_without_anything_read_before_is_refused()
    {
        using var rig = new Rig(Few);
        Assert.Equal("TY2039", (await Assert.ThrowsAsync<TorchyardException>(() => rig.LockAgain([], offline: true, "tool"))).Code);
    }

    [Fact]
    public async Task Without_InRelease_the_detached_signature_counts()
    {
        using var rig = new Rig(Few);
        rig.Archive.Remove($"/dists/{TestArchive.Suite}/InRelease");
        Assert.NotEmpty((await rig.Lock("tool")).Packages);
    }

    [Theory]
    [InlineData("nosuch", "TY2040", "no package is called nosuch")]
    [InlineData("engin", "TY2040", "engine")]
    [InlineData("tool=9", "TY2041", "2, 1")]
    [InlineData("tool=not a version", "TY2001", "version")]
    [InlineData("Tool", "TY2001", "name")]
    [InlineData("tool:i386", "TY2001", "i386")]
    [InlineData("api-hungry", "TY2042", "api-hungry 1 needs engine-api (>= 4)")]
    [InlineData("tool old-tool", "TY2042", "tool 2 needs libtool 1, which breaks old-tool, which old-tool 1")]
    [InlineData(
        "eager",
        "TY2042",
        "eager 1 conflicts with engine-api, which eager 1 needs tool 2, which needs fallback 1, which is or provides"
    )]
    public async Task What_does_not_fit_is_told_in_words(string packages, string code, string words)
    {
        using var rig = new Rig(Few);
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            rig.Lock(packages.StartsWith("tool=not", StringComparison.Ordinal) ? [packages] : packages.Split(' '))
        );
        Assert.Equal(code, error.Code);
        Assert.Contains(words, error.Message + " " + error.Cure);
    }

    [Fact]
    public async Task A_pin_takes_that_version()
    {
        using var rig = new Rig(Few);
        Assert.Contains((await rig.Lock("tool=1")).Packages, package => package is { Name: "tool", Version: "1" });
    }

    [Theory]
    [InlineData("release byte", "TY2022")]
    [InlineData("index byte", "TY2051")]
    [InlineData("other suite", "TY2027")]
    [InlineData("expired", "TY2025")]
    [InlineData("future", "TY2025")]
    [InlineData("foreign key", "TY2021")]
    [InlineData("portal", "TY2020")]
    [InlineData("nothing", "TY2031")]
    public async Task Tampering_is_refused(string what, string code)
    {
        using var rig = new Rig(Few, what == "foreign key" ? new TestKey(TestArchive.Date.UtcDateTime.AddYears(-2)) : null);
        var release = $"/dists/{TestArchive.Suite}/InRelease";
        rig.Archive.Answer = (asked, _) =>
            what switch
            {
                "release byte" when asked.Path == release => new Reply(
                    200,
                    Replace(rig.Archive.File(release), "Origin: Test", "Origin: Best")
                ),
                "index byte" when asked.Path.Contains("binary-amd64", StringComparison.Ordinal) => new Reply(
                    200,
                    Flip(rig.Archive.File($"/dists/{TestArchive.Suite}/main/binary-amd64/Packages.gz"))
                ),
                "portal" => new Reply(200, "<html>please log in</html>"u8.ToArray()),
                "nothing" => new Reply(404, []),
                _ => null,
            };
        if (what == "other suite")
        {
            rig.Archive.ReleaseSuite = "older";
            rig.Archive.Publish();
        }

        rig.Clock = what switch
        {
            "expired" => new FakeTimeProvider(TestArchive.Date.AddDays(30)),
            "future" => new FakeTimeProvider(TestArchive.Date.AddDays(-30)),
            _ => rig.Clock,
        };
        Assert.Equal(code, (await Assert.ThrowsAsync<TorchyardException>(() => rig.Lock("tool"))).Code);
        Assert.False(
            Directory.Exists(Path.Combine(rig.Store, "indexes"))
                && Directory.GetFiles(Path.Combine(rig.Store, "indexes"), "*.packages").Length > 0
        );
    }

    [Fact]
    public async Task A_vanished_package_is_found_in_the_snapshot_archive_by_time_and_by_hash()
    {
        using var rig = new Rig(Few);
        var locked = await rig.Lock("tool");
        var tool = locked.Packages.Single(package => package.Name == "tool");
        var other = locked.Packages.Single(package => package.Name == "libtool");
        var files = new[] { tool, other }.ToDictionary(package => package.Name, package => rig.Archive.File("/" + package.Filename));
        rig.Archive.Remove("/" + tool.Filename);
        rig.Archive.Remove("/" + other.Filename);
        var sha1 = new string('a', 40);
        rig.Archive.Answer = (asked, _) =>
            asked.Path switch
            {
                _ when asked.Path == $"/archive/debian/20260601T120000Z/{tool.Filename}" => new Reply(200, files["tool"]),
                "/mr/binary/libtool/1/binfiles?fileinfo=1" => new Reply(
                    200,
                    System.Text.Encoding.UTF8.GetBytes(
                        "{\"result\":[{\"architecture\":\"all\",\"hash\":\""
                            + sha1
                            + "\"}],\"fileinfo\":{\""
                            + sha1
                            + "\":[{\"size\":"
                            + other.Size
                            + "}]}}"
                    )
                ),
                _ when asked.Path == $"/file/{sha1}" => new Reply(200, files["libtool"]),
                _ => null,
            };
        var fetched = rig.Fetch(locked);
        Assert.Equal(files["tool"], await File.ReadAllBytesAsync(await fetched[tool], TestContext.Current.CancellationToken));
        Assert.Equal(files["libtool"], await File.ReadAllBytesAsync(await fetched[other], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_package_that_cannot_be_had_does_not_stop_the_others()
    {
        using var rig = new Rig(Few);
        var locked = await rig.Lock("tool");
        rig.Archive.Remove("/" + locked.Packages.Single(package => package.Name == "tool").Filename);
        foreach (var (package, file) in rig.Fetch(locked))
        {
            if (package.Name == "tool")
            {
                Assert.Equal("TY2050", (await Assert.ThrowsAsync<TorchyardException>(() => file)).Code);
            }
            else
            {
                Assert.True(File.Exists(await file));
            }
        }
    }

    private static byte[] Replace(byte[] bytes, string old, string text) =>
        System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(bytes).Replace(old, text));

    private static byte[] Flip(byte[] bytes)
    {
        var copy = (byte[])bytes.Clone();
        copy[^20] ^= 1;
        return copy;
    }

    private sealed class Rig : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();
        private readonly List<DebianPackages> _opened = [];
        private readonly Recipe _recipe;

        public Rig(Action<TestArchive> fill, TestKey? trusted = null)
        {
            Archive = new TestArchive(fill);
            _recipe = new Recipe
            {
                Name = "test",
                Base = new DebianBase
                {
                    Suite = TestArchive.Suite,
                    Security = false,
                    Mirrors = [Archive.Server.Root.AbsoluteUri],
                    Keyrings = [_directory.Write("key.asc", (trusted ?? Archive.Key).Armoured)],
                },
            };
        }

        public TestArchive Archive { get; }

        public TimeProvider Clock { get; set; } = new FakeTimeProvider(TestArchive.Date.AddHours(1));

        public string Store => Path.Combine(_directory.Path, "store");

        public Task<DebianLock> Lock(params string[] packages) =>
            Open().LockAsync(_recipe with { Packages = packages }, TestContext.Current.CancellationToken);

        public Task<DebianLock> LockAgain(IReadOnlyList<LockedArchive> earlier, bool offline, params string[] packages) =>
            Open().LockAsync(_recipe with { Packages = packages }, earlier, offline, TestContext.Current.CancellationToken);

        public IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(DebianLock locked) =>
            Open().CreateFetcher().Fetch(RealArchiveTests.Lock(_recipe, locked), locked.Packages, TestContext.Current.CancellationToken);

        public void Dispose()
        {
            _opened.ForEach(opened => opened.Dispose());
            Archive.Dispose();
            _directory.Dispose();
        }

        private DebianPackages Open()
        {
            var opened = new DebianPackages(
                new StorePaths(Store),
                SilentProgress.Instance,
                Clock,
                _ => null,
                Path.Combine(_directory.Path, "root"),
                new DownloadSettings
                {
                    Retry = new RetryPolicy { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(1) },
                },
                Archive.Server.Root
            );
            _opened.Add(opened);
            return opened;
        }
    }
}
