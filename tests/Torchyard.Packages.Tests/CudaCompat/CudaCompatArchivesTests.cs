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

namespace Torchyard.Packages.Tests.CudaCompat;

/// <summary>NVIDIA's index for CUDA on loopback, with small archives.</summary>
public sealed class CudaCompatArchivesTests : IDisposable
{
    private static readonly byte[] Archive = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 17))];
    private static readonly CudaCompatRelease Cuda130 = new("13.0", "13.0.3", 580);
    private static readonly CudaCompatRelease Cuda131 = new("13.1", "13.1.1", 590);
    private static readonly CudaCompatRelease Cuda133 = new("13.3", "13.3.1", 610);
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_libraries_alone_go_before_the_driver_and_are_locked_with_nvidias_own_address()
    {
        using var server = Index(
            ("/redistrib_13.0.3.json", Manifests.Driver("580.126.20", Archive)),
            ("/redistrib_13.1.1.json", Manifests.Compat("590.48.01", "13.1", Archive))
        );
        using var archives = Open(new CudaCompatSettings { Mirrors = [server.Root.AbsoluteUri] });

        var locked = await archives.LockAsync([Cuda130, Cuda131, Cuda133], "amd64", null, offline: false, Cancellation);

        const string Path = "cuda_compat/linux-x86_64/cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz";
        Assert.Equal($"https://developer.download.nvidia.com/compute/cuda/redist/{Path}", locked.Url);
        Assert.Equal(
            ("590.48.01", "13.1", Archive.LongLength, Digest.Of(Archive)),
            (locked.Version, locked.Cuda, locked.Size, locked.Sha256)
        );
        Assert.Equal(CudaCompatSettings.LicenseUrl, locked.License);
        Assert.Equal(Archive, await File.ReadAllBytesAsync(await archives.FetchAsync(locked, Cancellation), Cancellation));
        Assert.Equal(
            ["/redistrib_13.0.3.json", "/redistrib_13.0.4.json", "/redistrib_13.1.1.json", "/redistrib_13.1.2.json", "/" + Path],
            server.Requests.Select(request => request.Path)
        );
    }

    [Fact]
    public async Task Where_no_release_has_them_alone_they_come_out_of_the_driver_of_the_nearest()
    {
        using var server = Index(
            ("/redistrib_13.0.3.json", Manifests.Driver("580.126.20", Archive)),
            ("/redistrib_13.1.1.json", Manifests.Driver("590.48.01", Archive))
        );
        using var archives = Open(new CudaCompatSettings { Mirrors = [server.Root.AbsoluteUri] });
        var locked = await archives.LockAsync([Cuda130, Cuda131], "amd64", null, offline: false, Cancellation);
        Assert.Equal(
            ("580.126.20", "13.0", $"{CudaCompatArchives.Index}nvidia_driver/LICENSE.txt"),
            (locked.Version, locked.Cuda, locked.License)
        );
        Assert.Equal("nvidia_driver-linux-x86_64-580.126.20-archive.tar.xz", locked.FileName);
    }

    [Theory]
    [InlineData("13.1.3", "590.99.01")]
    [InlineData("13.1.0", "590.44.01")]
    public async Task The_newest_manifest_of_a_release_counts_be_it_older_or_newer_than_the_known_one(string last, string version)
    {
        var numbers = int.Parse(last.Split('.')[2], System.Globalization.CultureInfo.InvariantCulture);
        using var server = Index([
            .. Enumerable
                .Range(0, numbers + 1)
                .Select(patch =>
                    ($"/redistrib_13.1.{patch}.json", Manifests.Compat(patch == numbers ? version : "590.1.1", "13.1", Archive))
                ),
        ]);
        using var archives = Open(new CudaCompatSettings { Mirrors = [server.Root.AbsoluteUri] });
        Assert.Equal(version, (await archives.LockAsync([Cuda131], "amd64", null, offline: false, Cancellation)).Version);
    }

    [Fact]
    public async Task What_was_locked_stays_while_its_release_serves_and_what_is_asked_anew_is_new()
    {
        using var server = Index(("/redistrib_13.1.1.json", Manifests.Compat("590.48.01", "13.1", Archive)));
        using var archives = Open(new CudaCompatSettings { Mirrors = [server.Root.AbsoluteUri] });
        var locked = await archives.LockAsync([Cuda131], "amd64", null, offline: false, Cancellation);
        var earlier = locked with { Sha256 = Digest.Of("as it was"u8) };
        using var alone = Open(new CudaCompatSettings());

        Assert.Equal(earlier, await alone.LockAsync([Cuda130, Cuda131], "amd64", earlier, offline: true, Cancellation));
        Assert.Equal(locked, await archives.LockAsync([Cuda131], "amd64", null, offline: false, Cancellation));
        Assert.Equal("TY2060", (await Refused(alone, [Cuda130], "amd64", earlier, offline: true)).Code);
        Assert.Equal("TY2060", (await Refused(alone, [Cuda131], "arm64", earlier, offline: true)).Code);
    }

    [Fact]
    public async Task What_the_index_lacks_or_cannot_be_reached_for_is_told_with_the_ways_out()
    {
        using var server = Index(
            ("/redistrib_13.0.3.json", Manifests.Compat("590.48.01", "13.1", Archive)),
            ("/redistrib_13.1.1.json", Manifests.Compat("13.1.45405995", "13.1", Archive))
        );
        using var archives = Open(new CudaCompatSettings { Mirrors = [server.Root.AbsoluteUri] });
        var useless = await Refused(archives, [Cuda130, Cuda131], "amd64", null, offline: false);
        Assert.Equal("TY2061", useless.Code);
        Assert.Contains("nothing of cuda_compat for CUDA 13.0, and it has no nvidia_driver", useless.Message, StringComparison.Ordinal);
        Assert.Contains("13.1.45405995 is none of a driver", useless.Message, StringComparison.Ordinal);

        using var closed = new LoopbackServer((_, _) => new Reply(200, []));
        closed.Dispose();
        using var unreachable = Open(new CudaCompatSettings(), index: closed.Root);
        var failure = await Refused(unreachable, [Cuda130, Cuda131], "amd64", null, offline: false);
        Assert.Equal("TY2060", failure.Code);
        Assert.Contains("redistrib_13.0.3.json: Connection refused", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("redistrib_13.1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("cuda-compat.mirrors or TORCHYARD_CUDA_MIRROR", failure.Cure, StringComparison.Ordinal);
        Assert.Contains(
            "[cuda-compat] archive = \"./cuda_compat-linux-x86_64-590.…_cuda13.1-archive.tar.xz\"",
            failure.Cure,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "given/cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz",
        "given/cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz",
        "590.48.01",
        "13.1"
    )]
    [InlineData("given", "given/cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz", "590.48.01", "13.1")]
    [InlineData("given", "given/cuda_compat/linux-x86_64/cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz", "590.48.01", "13.1")]
    [InlineData("given", "given/nvidia_driver/linux-x86_64/nvidia_driver-linux-x86_64-580.126.20-archive.tar.xz", "580.126.20", "13.0")]
    public async Task An_archive_as_a_file_or_in_a_directory_needs_no_network(string named, string place, string version, string cuda)
    {
        var file = Path.Combine(_directory.Path, place);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, Archive, Cancellation);
        await File.WriteAllTextAsync(
            Path.Combine(_directory.Path, "given/cuda_compat-linux-x86_64-610.43.02_cuda13.3-archive.tar.xz"),
            "does not serve",
            Cancellation
        );
        using var archives = Open(new CudaCompatSettings { Archive = named });

        var locked = await archives.LockAsync([Cuda130, Cuda131], "amd64", null, offline: true, Cancellation);

        Assert.Equal((version, cuda, Digest.Of(Archive)), (locked.Version, locked.Cuda, locked.Sha256));
        File.Delete(file);
        Assert.Equal(Archive, await File.ReadAllBytesAsync(await archives.FetchAsync(locked, Cancellation), Cancellation));
    }

    [Fact]
    public async Task A_file_that_is_not_there_or_says_another_release_is_refused()
    {
        using var missing = Open(new CudaCompatSettings { Archive = "nowhere.tar.xz" });
        Assert.Equal("TY2062", (await Refused(missing, [Cuda131], "amd64", null, offline: false)).Code);
        await File.WriteAllBytesAsync(Path.Combine(_directory.Path, "mine.tar.xz"), Archive, Cancellation);
        await File.WriteAllBytesAsync(
            Path.Combine(_directory.Path, "cuda_compat-linux-sbsa-590.48.01_cuda13.1-archive.tar.xz"),
            Archive,
            Cancellation
        );
        foreach (var named in new[] { "mine.tar.xz", "." })
        {
            using var wrong = Open(new CudaCompatSettings { Archive = named });
            var failure = await Refused(wrong, [Cuda131], "amd64", null, offline: false);
            Assert.Equal("TY2065", failure.Code);
            Assert.True(failure.IsUsage);
        }
    }

    [Theory]
    [InlineData("cuda_compat-linux-x86_64-590.48.01-archive.tar.xz")]
    [InlineData("nvidia_driver-linux-x86_64-580.126.20_cuda13.0-archive.tar.xz")]
    [InlineData("cuda_compat-linux-aarch64-12.9.40580548-archive.tar.xz")]
    [InlineData("cuda_compat-windows-x86_64-590.48.01_cuda13.1-archive.zip")]
    public void Other_names_are_no_such_archives(string name) => Assert.Null(CudaCompatFile.Parse(name));

    private static async Task<TorchyardException> Refused(
        CudaCompatArchives archives,
        IReadOnlyList<CudaCompatRelease> releases,
        string architecture,
        LockedCudaCompat? earlier,
        bool offline
    ) => await Assert.ThrowsAsync<TorchyardException>(() => archives.LockAsync(releases, architecture, earlier, offline, Cancellation));

    private static LoopbackServer Index(params (string Path, byte[] Content)[] files) =>
        new(
            (asked, _) =>
                files.FirstOrDefault(file => file.Path == asked.Path) is (_, { } content) ? new Reply(200, content)
                : asked.Path.EndsWith(".tar.xz", StringComparison.Ordinal) ? new Reply(200, Archive)
                : new Reply(404, [])
        );

    private CudaCompatArchives Open(CudaCompatSettings settings, Uri? index = null) =>
        new(
            settings,
            _directory.Path,
            new StorePaths(Path.Combine(_directory.Path, "store")),
            SilentProgress.Instance,
            static _ => null,
            _directory.Path,
            new DownloadSettings
            {
                Retry = new RetryPolicy { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(1) },
                StallTimeout = TimeSpan.FromSeconds(5),
            },
            index ?? new Uri("http://127.0.0.1:1/")
        );
}
