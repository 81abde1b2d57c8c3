using Torchyard.Packages.Fetching;
using Torchyard.Packages.Nvidia;
using Torchyard.Packages.Tests.Redist;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;

namespace Torchyard.Packages.Tests.Cudnn;

/// <summary>NVIDIA's redistributable index on loopback: real manifests, small archives.</summary>
public sealed class CudnnArchivesTests : IDisposable
{
    private const string Version = "9.0.0.312";
    private static readonly byte[] Archive = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))];
    private static readonly CudnnInstaller Debian = CudnnInstaller.Find([Package("9.0.0.312~cuda12")])!;
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string ArchivePath => $"/cudnn/linux-x86_64/cudnn-linux-x86_64-{Version}_cuda12-archive.tar.xz";

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("9.0.0.312~cuda12", "9.0.0.312", 12)]
    [InlineData("8.9.7.29~cuda12+1", "8.9.7.29", 12)]
    [InlineData("9.0.0.312~cuda12+b1", "9.0.0.312", 12)]
    public void Debians_installer_says_release_and_cuda_in_its_version(string version, string release, int cuda) =>
        Assert.Equal(new CudnnInstaller(release, cuda, "linux-x86_64"), CudnnInstaller.Find([Package(version)]));

    [Fact]
    public void Another_package_or_form_of_version_is_no_installer()
    {
        Assert.Null(CudnnInstaller.Find([Package("9.0.0.312")]));
        Assert.Null(CudnnInstaller.Find([Package("9.0.0.312~cuda12") with { Name = "nvidia-cuda-dev" }]));
        Assert.Equal("linux-aarch64", CudnnInstaller.Find([Package("9.0.0.312~cuda12") with { Architecture = "arm64" }])!.Platform);
    }

    [Fact]
    public async Task What_the_index_says_is_locked_with_nvidias_own_address_and_then_fetched_from_the_mirror()
    {
        using var server = Index();
        using var archives = Open(new CudnnSettings { Mirrors = [server.Root.AbsoluteUri] });

        var locked = await archives.LockAsync(Debian, null, offline: false, Cancellation);

        Assert.Equal($"https://developer.download.nvidia.com/compute/cudnn/redist{ArchivePath}", locked.Url);
        Assert.Equal((Version, 12, Archive.LongLength, Digest.Of(Archive)), (locked.Version, locked.Cuda, locked.Size, locked.Sha256));
        Assert.Equal(CudnnSettings.LicenseUrl, locked.License);
        Assert.Equal(Archive, await File.ReadAllBytesAsync(await archives.FetchAsync(locked, Cancellation), Cancellation));
        await archives.FetchAsync(locked, Cancellation);
        Assert.Equal(["/redistrib_9.0.0.json", ArchivePath], server.Requests.Select(request => request.Path));
    }

    [Fact]
    public async Task A_cut_download_goes_on_and_other_bytes_are_refused()
    {
        using var server = Index((path, times) => path == ArchivePath && times == 0 ? new Reply(200, Archive) { CutAfter = 70_000 } : null);
        using var archives = Open(new CudnnSettings { Mirrors = [server.Root.AbsoluteUri] });
        var locked = await archives.LockAsync(Debian, null, offline: false, Cancellation);
        await archives.FetchAsync(locked, Cancellation);
        Assert.Equal([null, 70_000L], server.Requests.Where(request => request.Path == ArchivePath).Select(request => request.From));

        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            archives.FetchAsync(locked with { Sha256 = Digest.Of("other"u8) }, Cancellation)
        );
        Assert.Equal("TY2051", failure.Code);
    }

    [Fact]
    public async Task The_machines_mirror_comes_before_nvidia_and_manifests_with_four_numbers_are_found()
    {
        using var broken = new LoopbackServer((_, _) => new Reply(404, []));
        using var server = Index((path, _) => path == "/redistrib_9.0.0.json" ? new Reply(404, []) : null);
        using var archives = Open(new CudnnSettings(), $"{broken.Root} {server.Root}");

        var locked = await archives.LockAsync(Debian, null, offline: false, Cancellation);

        Assert.Equal(Digest.Of(Archive), locked.Sha256);
        Assert.Equal(["/redistrib_9.0.0.json", "/redistrib_9.0.0.312.json"], broken.Requests.Select(request => request.Path));
        Assert.Equal(["/redistrib_9.0.0.json", "/redistrib_9.0.0.312.json"], server.Requests.Select(request => request.Path));
    }

    [Fact]
    public async Task An_index_that_cannot_be_reached_is_told_with_both_ways_out()
    {
        using var closed = new LoopbackServer((_, _) => new Reply(200, []));
        closed.Dispose();
        using var archives = Open(new CudnnSettings(), index: closed.Root);

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => archives.LockAsync(Debian, null, offline: false, Cancellation));

        Assert.Equal("TY2060", failure.Code);
        Assert.Contains($"{closed.Root}redistrib_9.0.0.json: Connection refused", failure.Message, StringComparison.Ordinal);
        Assert.Contains("cudnn.mirrors or TORCHYARD_CUDNN_MIRROR", failure.Cure, StringComparison.Ordinal);
        Assert.Contains($"archive = \"./cudnn-linux-x86_64-{Version}_cuda12-archive.tar.xz\"", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_with_another_release_is_told()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Manifests.Of("9.0.0.1", Archive)));
        using var archives = Open(new CudnnSettings { Mirrors = [server.Root.AbsoluteUri] });
        var failure = await Assert.ThrowsAsync<TorchyardException>(() => archives.LockAsync(Debian, null, offline: false, Cancellation));
        Assert.Equal("TY2061", failure.Code);
        Assert.Contains("it is for cuDNN 9.0.0.1", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz")]
    [InlineData("cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz")]
    public async Task The_archive_as_a_file_or_in_a_directory_needs_no_network(string place)
    {
        // An empty place: the recipe names the file itself, under a name of its own.
        var file = Path.Combine(_directory.Path, "given", place.Length == 0 ? "mine.tar.xz" : place);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, Archive, Cancellation);
        using var archives = Open(
            new CudnnSettings { Archive = place.Length == 0 ? "./given/mine.tar.xz" : "given" },
            index: new Uri("http://127.0.0.1:1/")
        );

        var locked = await archives.LockAsync(Debian, null, offline: true, Cancellation);

        Assert.Equal((Digest.Of(Archive), Archive.LongLength), (locked.Sha256, locked.Size));
        Assert.EndsWith(ArchivePath, locked.Url, StringComparison.Ordinal);
        File.Delete(file);
        Assert.Equal(Archive, await File.ReadAllBytesAsync(await archives.FetchAsync(locked, Cancellation), Cancellation));
    }

    [Fact]
    public async Task A_file_that_is_not_there_an_older_release_and_offline_are_refused()
    {
        using var missing = Open(new CudnnSettings { Archive = "nowhere" });
        Assert.Equal(
            "TY2062",
            (await Assert.ThrowsAsync<TorchyardException>(() => missing.LockAsync(Debian, null, offline: false, Cancellation))).Code
        );
        foreach (var version in new[] { "8.9.7.29", "10.0.0.1", "9.0.0.311" })
        {
            using var wrong = Open(new CudnnSettings { Version = version });
            Assert.Equal(
                "TY2063",
                (await Assert.ThrowsAsync<TorchyardException>(() => wrong.LockAsync(Debian, null, offline: false, Cancellation))).Code
            );
        }

        using var offline = Open(new CudnnSettings());
        Assert.Equal(
            "TY2060",
            (await Assert.ThrowsAsync<TorchyardException>(() => offline.LockAsync(Debian, null, offline: true, Cancellation))).Code
        );
    }

    [Fact]
    public async Task What_was_locked_stays_without_asking_and_damage_in_the_cache_is_found()
    {
        using var server = Index();
        using var archives = Open(new CudnnSettings { Mirrors = [server.Root.AbsoluteUri] });
        var locked = await archives.LockAsync(Debian, null, offline: false, Cancellation);
        using var alone = Open(new CudnnSettings());
        Assert.Equal(locked, await alone.LockAsync(Debian, locked, offline: true, Cancellation));

        var file = await archives.FetchAsync(locked, Cancellation);
        var cached = new CachedFiles(new StorePaths(Path.Combine(_directory.Path, "store")));
        LockedFile[] files =
        [
            new()
            {
                Name = "cuDNN",
                Version = locked.Version,
                FileName = locked.FileName,
                Size = locked.Size,
                Sha256 = locked.Sha256,
            },
        ];
        Assert.Empty(cached.RemoveDamaged(files, Cancellation));
        var time = File.GetLastWriteTimeUtc(file);
        var bytes = await File.ReadAllBytesAsync(file, Cancellation);
        bytes[1000] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancellation);
        File.SetLastWriteTimeUtc(file, time);
        Assert.Equal(files, cached.RemoveDamaged(files, Cancellation));
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void A_manifest_is_looked_for_under_three_numbers_and_then_four() =>
        Assert.Equal(["redistrib_9.0.0.json", "redistrib_9.0.0.312.json"], CudnnArchives.ManifestsOf("9.0.0.312"));

    [Fact]
    public async Task An_archive_that_changed_under_its_version_is_taken_when_nothing_earlier_is_kept()
    {
        using var server = Index();
        using var archives = Open(new CudnnSettings { Mirrors = [server.Root.AbsoluteUri] });
        var earlier = await archives.LockAsync(Debian, null, offline: false, Cancellation) with
        {
            Sha256 = Digest.Of("the archive as it was"u8),
        };
        Assert.Equal(earlier, await archives.LockAsync(Debian, earlier, offline: false, Cancellation));
        Assert.Equal(Digest.Of(Archive), (await archives.LockAsync(Debian, null, offline: false, Cancellation)).Sha256);
    }

    private static LoopbackServer Index(Func<string, int, Reply?>? otherwise = null) =>
        new(
            (asked, times) =>
                otherwise?.Invoke(asked.Path, times)
                ?? (
                    asked.Path switch
                    {
                        "/redistrib_9.0.0.json" or "/redistrib_9.0.0.312.json" => new Reply(200, Manifests.Of(Version, Archive)),
                        var path when path == ArchivePath => new Reply(200, Archive),
                        _ => new Reply(404, []),
                    }
                )
        );

    private CudnnArchives Open(CudnnSettings settings, string? mirror = null, Uri? index = null) =>
        new(
            settings,
            _directory.Path,
            new StorePaths(Path.Combine(_directory.Path, "store")),
            SilentProgress.Instance,
            name => name == CudnnArchives.MirrorVariable ? mirror : null,
            _directory.Path,
            new DownloadSettings
            {
                Retry = new RetryPolicy { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(1) },
                StallTimeout = TimeSpan.FromSeconds(5),
            },
            index ?? new Uri("http://127.0.0.1:1/")
        );

    private static LockedDebianPackage Package(string version) =>
        new()
        {
            Name = "nvidia-cudnn",
            Version = version,
            Architecture = "amd64",
            Source = "nvidia-cudnn",
            Archive = "trixie",
            Filename = "pool/x.deb",
            Size = 1,
            Sha256 = Digest.Of("x"u8),
            InstalledSize = 1,
        };
}
