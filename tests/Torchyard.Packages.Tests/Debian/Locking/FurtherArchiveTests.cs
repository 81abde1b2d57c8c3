using System.Text;
using Microsoft.Extensions.Time.Testing;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Reporting;

namespace Torchyard.Packages.Tests.Debian.Locking;

/// <summary>An archive of a vendor beside Debian's, each with its own key.</summary>
public sealed class FurtherArchiveTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<DebianPackages> _opened = [];
    private readonly RecordingProgress _progress = new();
    private Func<string, string> _expand = url => url.Replace("${VENDOR_TOKEN}", "geheim", StringComparison.Ordinal);
    private readonly TestArchive _debian = new(archive =>
    {
        archive.Add("base", "1", "Essential: yes");
        archive.Add("tool", "1", "Depends: engine");
        archive.Add("fallback", "1", "Provides: engine (= 1)");
    });
    private readonly TestArchive _vendor = new(archive =>
    {
        archive.Add("example-app", "3", "Depends: tool, example-lib");
        archive.Add("example-lib", "1");
        archive.Add("other-app", "1");
    })
    {
        Key = new TestKey(TestArchive.Date.UtcDateTime.AddYears(-2)),
    };

    public FurtherArchiveTests()
    {
        _vendor.Publish();
        Write(_vendor.Key);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _opened.ForEach(opened => opened.Dispose());
        _debian.Dispose();
        _vendor.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Its_packages_come_with_what_they_need_of_Debian_and_the_lock_says_from_where()
    {
        var locked = await LockAsync("example-app");

        Assert.Equal(["base=1", "example-app=3", "example-lib=1", "fallback=1", "tool=1"], Versions(locked));
        var (debian, vendor) = (locked.Archives[0], locked.Archives[1]);
        Assert.Equal((null, null, false), (debian.Key, debian.KeyDigest, debian.IsFurther));
        Assert.Equal(_vendor.Server.Root.AbsoluteUri, vendor.Uri);
        Assert.Equal($"{_vendor.Server.Root.Authority}/unit", vendor.Id);
        Assert.Matches(@"\A[0-9A-F]{40}\z", vendor.Key);
        Assert.Equal(Digest.Of(Encoding.ASCII.GetBytes(_vendor.Key.Armoured)), vendor.KeyDigest);
        Assert.Equal(
            ["example-app", "example-lib"],
            locked.Packages.Where(package => package.Archive == vendor.Id).Select(package => package.Name)
        );
        await FetchAsync(Recipe("example-app"), locked);
        Assert.Contains(_vendor.Server.Requests, request => request.Path == "/pool/example-lib_1_all.deb");
    }

    [Theory]
    [InlineData("tool", "of the same name")]
    [InlineData("engine", "that Debian has by another's Provides")]
    public async Task It_cannot_put_a_package_in_the_place_of_one_that_Debian_has(string name, string _)
    {
        _vendor.Add(name, "99");
        _vendor.Publish();

        Assert.Equal(["base=1", "fallback=1", "tool=1"], Versions(await LockAsync("tool")));
    }

    [Fact]
    public async Task Who_asks_for_such_a_package_is_told_whose_it_is()
    {
        _vendor.Add("tool", "99");
        _vendor.Publish();

        await LockAsync("tool");

        Assert.Contains(_progress.Notes, note =>
            note.StartsWith($"tool is not taken from {_vendor.Server.Root.Authority}/unit", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("tool")]
    [InlineData("t*l")]
    public async Task It_may_where_the_recipe_names_the_package(string pattern)
    {
        _vendor.Add("tool", "99");
        _vendor.Publish();

        var locked = await LockAsync(Recipe("tool") with { Archives = [Vendor() with { Packages = [pattern] }] });

        Assert.Equal(["base=1", "tool=99"], Versions(locked));
    }

    [Fact]
    public async Task What_Debian_s_packages_need_is_not_met_by_another_s_Provides()
    {
        _vendor.Add("example-engine", "1", "Provides: engine (= 9)");
        _vendor.Publish();

        Assert.Contains("fallback=1", Versions(await LockAsync("tool")));
    }

    [Fact]
    public async Task It_decides_nothing_of_what_every_image_has()
    {
        _vendor.Add("example-must", "1", "Essential: yes");
        _vendor.Publish();

        Assert.DoesNotContain("example-must=1", Versions(await LockAsync("example-lib")));
    }

    [Fact]
    public async Task Only_the_packages_that_the_recipe_names_may_come_from_it()
    {
        var recipe = Recipe("other-app") with { Archives = [Vendor() with { Packages = ["example-*"] }] };

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync(recipe));

        Assert.Equal("TY2040", refusal.Code);
        Assert.Equal("add \"other-app\" to 'packages' of that archive", refusal.Cure);
        Assert.Contains("example-app=3", Versions(await LockAsync(recipe with { Packages = ["example-app"] })));
    }

    [Fact]
    public async Task Debian_s_key_signs_nothing_for_it()
    {
        var forged = new TestArchive(archive => archive.Add("example-app")) { Key = _debian.Key };
        using (forged)
        {
            forged.Publish();
            var recipe = Recipe("example-app") with { Archives = [Vendor() with { Url = forged.Server.Root.AbsoluteUri }] };

            var refusal = await RefusalAsync(recipe);

            Assert.Equal(("TY2021", "archives[0].key"), (refusal.Code, refusal.Location?.File));
            Assert.Contains("put it into", refusal.Cure, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Its_key_signs_nothing_for_Debian()
    {
        var recipe = Recipe("example-app");
        Assert.Equal("TY2021", (await RefusalAsync(recipe with { Base = recipe.Base with { Keyrings = [] } })).Code);
    }

    [Fact]
    public async Task A_key_that_has_expired_is_refused_at_its_place()
    {
        var expired = new TestKey(TestArchive.Date.UtcDateTime.AddYears(-2), TimeSpan.FromDays(30));
        Write(expired);
        using var archive = new TestArchive(fill => fill.Add("example-app")) { Key = expired };
        archive.Publish();

        var refusal = await RefusalAsync(
            Recipe("example-app") with
            {
                Archives = [Vendor() with { Url = archive.Server.Root.AbsoluteUri }],
            }
        );

        Assert.Equal(("TY2023", "archives[0].key"), (refusal.Code, refusal.Location?.File));
    }

    [Theory]
    [InlineData("this is no key\n", "TY2070")]
    [InlineData("", "TY2070")]
    [InlineData(null, "TY2070")]
    public async Task A_file_that_is_not_a_key_is_refused_at_its_place(string? content, string code)
    {
        File.Delete(KeyFile);
        if (content is not null)
        {
            _directory.Write("vendor.asc", content);
        }

        var refusal = await RefusalAsync(Recipe("example-app"));

        Assert.Equal((code, "archives[0].key"), (refusal.Code, refusal.Location?.File));
        Assert.Contains("public key", refusal.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suite_or_component_that_is_not_there_is_told_with_what_to_change()
    {
        var suite = await RefusalAsync(Recipe("example-app") with { Archives = [Vendor() with { Suite = "nosuch" }] });
        Assert.Equal(("TY2031", "archives[0].suite"), (suite.Code, suite.Location?.File));
        Assert.EndsWith("has no suite nosuch: there is neither InRelease nor Release", suite.Message, StringComparison.Ordinal);

        var component = await RefusalAsync(Recipe("example-app") with { Archives = [Vendor() with { Components = ["extra"] }] });
        Assert.Equal(("TY2028", "archives[0].components"), (component.Code, component.Location?.File));
        Assert.Equal("it has main: change 'components' of the archive in the recipe", component.Cure);
    }

    [Fact]
    public async Task An_archive_that_is_out_of_date_is_refused()
    {
        _vendor.MoreRelease = "Valid-Until: Mon, 01 Jun 2026 12:30:00 UTC\n";
        _vendor.Publish();

        Assert.Equal("TY2025", (await RefusalAsync(Recipe("example-app"))).Code);
    }

    [Theory]
    [InlineData("./")]
    [InlineData("/")]
    public async Task A_flat_archive_has_neither_suites_nor_components(string suite)
    {
        using var flat = new TestArchive(fill => fill.Add("example-app")) { Key = _vendor.Key };
        flat.PublishFlat();
        flat.Remove("/dists/unit/InRelease");
        var recipe = Recipe("example-app") with
        {
            Archives =
            [
                new ArchiveSettings
                {
                    Url = flat.Server.Root.AbsoluteUri,
                    Suite = suite,
                    Key = KeyFile,
                },
            ],
        };

        var locked = await LockAsync(recipe);

        Assert.Equal(["base=1", "example-app=1"], Versions(locked));
        await FetchAsync(recipe, locked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lock_made_again_and_offline_reads_it_as_it_was(bool isDetached)
    {
        if (isDetached)
        {
            _vendor.Remove("/dists/unit/InRelease");
        }

        var first = await LockAsync("example-app");
        _vendor.Add("example-lib", "2");
        _vendor.Publish();
        if (isDetached)
        {
            _vendor.Remove("/dists/unit/InRelease");
        }

        var again = await Open().LockAsync(Recipe("example-app", "other-app"), first.Archives, offline: false, Cancellation);
        Assert.Equal(first.Archives.Select(archive => archive.ReleaseDigest), again.Archives.Select(archive => archive.ReleaseDigest));
        Assert.Contains("example-lib=1", Versions(again));
        Assert.Contains("example-lib=2", Versions(await LockAsync("example-app")));
        _vendor.Answer = (_, _) => new Reply(500, []);
        Assert.Contains("example-lib=2", Versions(await Open().LockAsync(Recipe("example-app"), earlier: [], offline: true, Cancellation)));
    }

    [Fact]
    public async Task A_new_archive_in_the_recipe_leaves_Debian_as_it_was()
    {
        var first = await LockAsync(Recipe("tool") with { Archives = [] });
        _debian.Add("tool", "2");
        _debian.Publish();

        var second = await Open().LockAsync(Recipe("tool", "example-lib"), first.Archives, offline: false, Cancellation);

        Assert.Equal(first.Archives[0].ReleaseDigest, second.Archives[0].ReleaseDigest);
        Assert.Equal(["base=1", "example-lib=1", "fallback=1", "tool=1"], Versions(second));
    }

    [Fact]
    public async Task Offline_no_login_is_needed()
    {
        var recipe = Recipe("example-app") with
        {
            Archives = [Vendor() with { Url = $"http://reader:${{VENDOR_TOKEN}}@{_vendor.Server.Root.Authority}/" }],
        };
        await LockAsync(recipe);
        _expand = _ => throw new InvalidOperationException("the variable is not set");

        Assert.Contains("example-app=3", Versions(await Open().LockAsync(recipe, earlier: [], offline: true, Cancellation)));
    }

    [Fact]
    public async Task Its_login_is_sent_to_it_and_to_nobody_else_and_stands_nowhere()
    {
        var expected = "Basic " + Convert.ToBase64String("reader:geheim"u8);
        _vendor.Answer = (asked, _) =>
            asked.Headers.Any(header => header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase) && header.Value == expected)
                ? null
                : new Reply(401, []);
        var recipe = Recipe("example-app") with
        {
            Archives = [Vendor() with { Url = $"http://reader:${{VENDOR_TOKEN}}@{_vendor.Server.Root.Authority}/" }],
        };

        var locked = await LockAsync(recipe);
        await FetchAsync(recipe, locked);

        var text = LockText.Write(RealArchiveTests.Lock(recipe, locked));
        Assert.DoesNotContain("geheim", text, StringComparison.Ordinal);
        Assert.Equal(_vendor.Server.Root.AbsoluteUri, locked.Archives[1].Uri);
        Assert.DoesNotContain(_debian.Server.Requests, request =>
            request.Headers.Keys.Any(name => name.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
        );
        _vendor.Answer = (_, _) => new Reply(403, []);
        var refusal = await RefusalAsync(recipe);
        Assert.Equal("TY2031", refusal.Code);
        Assert.DoesNotContain("geheim", refusal.ToString() + refusal.Cure, StringComparison.Ordinal);
        Assert.DoesNotContain(_progress.Notes.Concat(_progress.Warnings), line => line.Contains("geheim", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_it_no_longer_has_is_looked_for_nowhere_else()
    {
        var locked = await LockAsync("example-lib");
        _vendor.Remove("/pool/example-lib_1_all.deb");
        var asked = _debian.Server.Requests.Count;

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            FetchAsync(Recipe("example-lib"), locked with { Packages = [.. locked.Packages.Where(one => one.Name == "example-lib")] })
        );

        Assert.Equal("TY2050", refusal.Code);
        Assert.Equal(asked, _debian.Server.Requests.Count);
    }

    private string KeyFile => Path.Combine(_directory.Path, "vendor.asc");

    private void Write(TestKey key) => _directory.Write("vendor.asc", key.Armoured);

    private ArchiveSettings Vendor() =>
        new()
        {
            Url = _vendor.Server.Root.AbsoluteUri,
            Suite = TestArchive.Suite,
            Components = ["main"],
            Key = KeyFile,
        };

    private Recipe Recipe(params string[] packages) =>
        new()
        {
            Name = "test",
            Packages = packages,
            Archives = [Vendor()],
            Base = new DebianBase
            {
                Suite = TestArchive.Suite,
                Security = false,
                Mirrors = [_debian.Server.Root.AbsoluteUri],
                Keyrings = [_directory.Write("debian.asc", _debian.Key.Armoured)],
            },
        };

    private Task<DebianLock> LockAsync(params string[] packages) => LockAsync(Recipe(packages));

    private Task<DebianLock> LockAsync(Recipe recipe) => Open().LockAsync(recipe, Cancellation);

    private async Task<TorchyardException> RefusalAsync(Recipe recipe) =>
        await Assert.ThrowsAsync<TorchyardException>(() => LockAsync(recipe));

    private async Task FetchAsync(Recipe recipe, DebianLock locked)
    {
        foreach (var (_, file) in Open().CreateFetcher().Fetch(RealArchiveTests.Lock(recipe, locked), locked.Packages, Cancellation))
        {
            Assert.True(File.Exists(await file));
        }
    }

    private static IEnumerable<string> Versions(DebianLock locked) =>
        locked.Packages.Select(package => $"{package.Name}={package.Version}");

    private DebianPackages Open()
    {
        var opened = new DebianPackages(
            new StorePaths(Path.Combine(_directory.Path, "store")),
            _progress,
            new FakeTimeProvider(TestArchive.Date.AddHours(1)),
            _ => null,
            Path.Combine(_directory.Path, "root"),
            new DownloadSettings
            {
                Retry = new RetryPolicy { Tries = 2, FirstPause = TimeSpan.FromMilliseconds(1) },
            },
            _debian.Server.Root
        )
        {
            ExpandLogin = _expand,
            // The path stands for the place.
            Place = path => new SourceLocation(path, 1, 1),
        };
        _opened.Add(opened);
        return opened;
    }
}
