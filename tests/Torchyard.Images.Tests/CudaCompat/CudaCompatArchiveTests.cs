using System.Text;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Nvidia;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Images.Tests.Redist;
using Torchyard.Images.Tests.Sources;
using Torchyard.Images.Tests.Tar;
using Torchyard.Packages.Nvidia;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Gpus;

namespace Torchyard.Images.Tests.CudaCompat;

/// <summary>Archives of the form of NVIDIA's cuda_compat and nvidia_driver, with a libcuda that carries the real form of note.</summary>
public sealed class CudaCompatArchiveTests : IDisposable
{
    private const string Version = "590.48.01";
    private const string Top = $"cuda_compat-linux-x86_64-{Version}_cuda13.1-archive";
    private const string DriverTop = $"nvidia_driver-linux-x86_64-{Version}-archive";
    private readonly TemporaryDirectory _directory = new();
    private int _number;

    public CudaCompatArchiveTests()
    {
        Requires.Root("needs root for owners");
        Assert.SkipUnless(File.Exists("/usr/bin/xz"), "needs xz (Debian package xz-utils)");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void All_libraries_lie_where_container_runtimes_look_for_them_and_the_licence_is_kept()
    {
        var (entries, root) = Unpack(Top, Sample());
        const string Compat = CudaCompatArchive.Directory;
        Assert.Equal(
            [
                $"{Compat}/libcuda.so",
                $"{Compat}/libcuda.so.1",
                $"{Compat}/libcuda.so.{Version}",
                $"{Compat}/libnvidia-gpucomp.so.{Version}",
                $"{Compat}/libnvidia-nvvm.so.4",
                $"{Compat}/libnvidia-nvvm.so.{Version}",
                $"{Compat}/libnvidia-nvvm70.so.4",
                $"{Compat}/libnvidia-ptxjitcompiler.so.1",
                $"{Compat}/libnvidia-ptxjitcompiler.so.{Version}",
                "usr/share/doc/cuda-compat/LICENSE",
            ],
            entries.Select(entry => entry.Name).Order(StringComparer.Ordinal)
        );
        Assert.Equal($"libcuda.so.{Version}", new FileInfo(Path.Combine(root, Compat, "libcuda.so.1")).LinkTarget);
        Assert.Equal(entries.Count, Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public void The_driver_gives_the_same_libraries_and_the_links_that_it_lacks()
    {
        List<(TarEntry, byte[])> driver =
        [
            Lib(DriverTop, "lib", $"libcuda.so.{Version}"),
            Lib(DriverTop, "lib", $"libnvidia-ptxjitcompiler.so.{Version}"),
            Lib(DriverTop, "lib", $"libnvidia-nvvm.so.{Version}"),
            Lib(DriverTop, "lib", $"libcudadebugger.so.{Version}"),
            Lib(DriverTop, "lib", "libnvidia-nvvm70.so.4"),
            Lib(DriverTop, "lib", $"libnvidia-ml.so.{Version}"),
            Lib(DriverTop, "lib", $"libGLX_nvidia.so.{Version}"),
            Lib(DriverTop, "lib32", $"libcuda.so.{Version}"),
            Lib(DriverTop, "sbin", "nvidia-smi"),
            XzArchive.File($"{DriverTop}/LICENSE", "terms"u8.ToArray()),
        ];
        var (entries, root) = Unpack(DriverTop, driver);
        Assert.Equal(
            [
                "libcuda.so",
                "libcuda.so.1",
                $"libcuda.so.{Version}",
                "libcudadebugger.so.1",
                $"libcudadebugger.so.{Version}",
                "libnvidia-nvvm.so.4",
                $"libnvidia-nvvm.so.{Version}",
                "libnvidia-nvvm70.so.4",
                "libnvidia-ptxjitcompiler.so.1",
                $"libnvidia-ptxjitcompiler.so.{Version}",
            ],
            Directory
                .EnumerateFileSystemEntries(Path.Combine(root, CudaCompatArchive.Directory))
                .Select(Path.GetFileName)
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal("libcuda.so.1", new FileInfo(Path.Combine(root, CudaCompatArchive.Directory, "libcuda.so")).LinkTarget);
        Assert.Equal(11, entries.Count);
    }

    [Theory]
    [InlineData("x/compat/sub/libcuda.so.1", false)]
    [InlineData("x/compat/libcuda.so.1/../../../etc/passwd", false)]
    [InlineData("x/compat/nvidia-smi", false)]
    [InlineData("compat/libcuda.so.1", false)]
    [InlineData("x/lib/libcuda.so.1", false)]
    [InlineData("x/lib/libnvidia-ml.so.1", true)]
    [InlineData("x/lib/libcudart.so.1", true)]
    [InlineData("x/compat/libcuda.so.1", true)]
    public void What_is_not_of_the_libraries_stays_out(string name, bool driver) =>
        Assert.Null(CudaCompatArchive.PlaceOf(name, TarKind.File, driver));

    [Fact]
    public void Names_and_links_that_lead_out_are_refused()
    {
        Assert.Equal("TY3002", Refused(Lib("..", "compat", "libcuda.so.1")).Code);
        Assert.Equal("TY3002", Refused(XzArchive.Link($"{Top}/compat/libcudadebugger.so.1", "/etc/passwd")).Code);
        Assert.Equal("TY3002", Refused(XzArchive.Link($"{Top}/compat/libcudadebugger.so.1", "../libx.so")).Code);
        Assert.Contains(
            "leads to libcudadebugger.so.1.2, which it has not",
            Refused(XzArchive.Link($"{Top}/compat/libcudadebugger.so.1", "libcudadebugger.so.1.2")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains("twice", Refused(Lib(Top, "compat", $"libcuda.so.{Version}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_is_exactly_one_driver_that_of_the_lock()
    {
        Assert.Contains(
            $"libcuda.so.580.65.06 and libcuda.so.{Version}, and libcuda.so.{Version} alone is wanted",
            Refused(Lib(Top, "compat", "libcuda.so.580.65.06")).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "libcuda.so.1.1 and",
            Refused(XzArchive.Link($"{Top}/compat/libcuda.so.1.1", $"libcuda.so.{Version}")).Message,
            StringComparison.Ordinal
        );
        var other = Sample()
            .Select(entry =>
                (
                    entry.Entry with
                    {
                        Name = entry.Entry.Name.Replace(Version, "590.44.01", StringComparison.Ordinal),
                        LinkTarget = entry.Entry.LinkTarget.Replace(Version, "590.44.01", StringComparison.Ordinal),
                    },
                    entry.Content
                )
            );
        Assert.Contains(
            $"it has libcuda.so.590.44.01, and libcuda.so.{Version} alone is wanted",
            Assert.Throws<TorchyardException>(() => Unpack(Top, [.. other])).Message,
            StringComparison.Ordinal
        );
        var copy = Sample()
            .Select(entry =>
                entry.Entry.Name.EndsWith("libcuda.so.1", StringComparison.Ordinal) ? Lib(Top, "compat", "libcuda.so.1") : entry
            );
        Assert.Contains(
            "its libcuda.so.1 is not a link",
            Assert.Throws<TorchyardException>(() => Unpack(Top, [.. copy])).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData($"libcuda.so.{Version}")]
    [InlineData($"libnvidia-ptxjitcompiler.so.{Version}")]
    public void A_library_that_must_be_there_is_missed(string library)
    {
        var failure = Assert.Throws<TorchyardException>(() =>
            Unpack(Top, [.. Sample().Where(entry => !entry.Entry.Name.EndsWith(library, StringComparison.Ordinal))])
        );
        Assert.Equal("TY3001", failure.Code);
        Assert.Contains($"it has no {library}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_bytes_than_the_lock_names_are_damage_wherever_they_differ()
    {
        var content = XzArchive.Compress(TarRoundTripTests.Write([.. Sample()]));
        for (var position = 0; position < content.Length; position += 17)
        {
            var damaged = content.ToArray();
            damaged[position] ^= 4;
            Assert.Equal(
                $"cuda-compat {Version}",
                Assert.Throws<DamagedPackageException>(() => UnpackFile(Top, damaged, Digest.Of(content))).Package
            );
        }
    }

    [Fact]
    public async Task The_layer_is_the_same_in_every_store_and_its_line_of_history_names_the_licence()
    {
        var content = XzArchive.Compress(TarRoundTripTests.Write([.. Sample()]));
        var one = await LayerAsync(content, "one");
        var other = await LayerAsync(content, "other");

        Assert.Equal(
            (one.Layer.Layer.DiffId, one.Layer.Layer.Blob, one.Key),
            (other.Layer.Layer.DiffId, other.Layer.Layer.Blob, other.Key)
        );
        Assert.Equal($"NVIDIA cuda-compat {Version} for CUDA 13.1, under the licence https://example.org/LICENSE.txt", one.Layer.History);
        Assert.Equal(
            """
            usr 755 0:0 0
            usr/local 755 0:0 0
            usr/local/cuda 755 0:0 0
            usr/local/cuda/compat 755 0:0 0
            usr/local/cuda/compat/libcuda.so 777 0:0 1768000000 -> libcuda.so.1
            usr/local/cuda/compat/libcuda.so.1 777 0:0 1768000000 -> libcuda.so.590.48.01
            usr/local/cuda/compat/libcuda.so.590.48.01 644 0:0 1768000000 440 bytes
            """,
            string.Join('\n', Listed(one, "one").Where(line => line.StartsWith("usr", StringComparison.Ordinal)).Take(7))
        );
        Assert.Equal(17, Listed(one, "one").Count());
    }

    private IEnumerable<string> Listed((Digest Key, ImageLayer Layer) layer, string store)
    {
        using var blob = File.OpenRead(
            new OciLayout(new StorePaths(Path.Combine(_directory.Path, store))).BlobPath(layer.Layer.Layer.Blob)
        );
        using var decoded = Decompression.Open(blob, CompressionFormat.Zstd);
        var reader = new TarReader(decoded);
        while (reader.Next() is { } entry)
        {
            var rest = entry.Kind switch
            {
                TarKind.Symlink => $" -> {entry.LinkTarget}",
                TarKind.File => $" {entry.Size} bytes",
                _ => "",
            };
            yield return $"{entry.Name.TrimEnd('/')} {Convert.ToString(entry.Mode, 8)} {entry.User}:{entry.Group} {entry.ModifiedAt}{rest}";
        }
    }

    private async Task<(Digest Key, ImageLayer Layer)> LayerAsync(byte[] content, string name)
    {
        var store = new StorePaths(Path.Combine(_directory.Path, name));
        var file = Path.Combine(_directory.Path, name + ".tar.xz");
        await File.WriteAllBytesAsync(file, content, Cancellation);
        var locked = new RecipeLock
        {
            RecipeDigest = default,
            Recipe = new Recipe
            {
                Name = "x",
                Base = new DebianBase { Suite = "trixie" },
            },
            SourceDateEpoch = 0,
            Archives = [],
            Packages = [],
            CudaCompat = Locked(Top, content.Length, Digest.Of(content)),
            Tools = new LockedTools(BuildKey.Format, default, "libzstd"),
        };
        return await SourceBench.WorkAsync(new CudaCompatSource(new Fetcher(file)), locked, store, async (_, layers) =>
            (layers.Single().Key, await layers.Single().Layer)
        );
    }

    // As zml/zml lists the archive of 590.48.01, with the files that its links name.
    private static List<(TarEntry Entry, byte[] Content)> Sample() =>
        [
            (
                new TarEntry
                {
                    Name = $"{Top}/",
                    Kind = TarKind.Directory,
                    Mode = 0x1ED,
                },
                []
            ),
            (
                new TarEntry
                {
                    Name = $"{Top}/compat",
                    Kind = TarKind.Directory,
                    Mode = 0x1ED,
                },
                []
            ),
            XzArchive.Link($"{Top}/compat/libcuda.so", "libcuda.so.1"),
            XzArchive.Link($"{Top}/compat/libcuda.so.1", $"libcuda.so.{Version}"),
            XzArchive.File($"{Top}/compat/libcuda.so.{Version}", CompatLibrary.Make("13.1", 535, 550, 570, 575, 580, 590)),
            Lib(Top, "compat", $"libnvidia-gpucomp.so.{Version}"),
            XzArchive.Link($"{Top}/compat/libnvidia-nvvm.so.4", $"libnvidia-nvvm.so.{Version}"),
            Lib(Top, "compat", $"libnvidia-nvvm.so.{Version}"),
            Lib(Top, "compat", "libnvidia-nvvm70.so.4"),
            XzArchive.Link($"{Top}/compat/libnvidia-ptxjitcompiler.so.1", $"libnvidia-ptxjitcompiler.so.{Version}"),
            Lib(Top, "compat", $"libnvidia-ptxjitcompiler.so.{Version}"),
            XzArchive.File($"{Top}/LICENSE", "terms"u8.ToArray()),
        ];

    private static (TarEntry Entry, byte[] Content) Lib(string top, string directory, string name) =>
        XzArchive.File($"{top}/{directory}/{name}", Encoding.UTF8.GetBytes("code of " + name));

    private static LockedCudaCompat Locked(string top, long size, Digest sha256) =>
        new()
        {
            Version = Version,
            Cuda = "13.1",
            Url = $"https://example.org/{top}.tar.xz",
            Size = size,
            Sha256 = sha256,
            License = "https://example.org/LICENSE.txt",
        };

    private TorchyardException Refused((TarEntry, byte[]) more) =>
        Assert.Throws<TorchyardException>(() => Unpack(Top, [.. Sample(), more]));

    private (List<TarEntry> Entries, string Root) Unpack(string top, List<(TarEntry, byte[])> entries)
    {
        var content = XzArchive.Compress(TarRoundTripTests.Write([.. entries]));
        return UnpackFile(top, content, Digest.Of(content));
    }

    private (List<TarEntry> Entries, string Root) UnpackFile(string top, byte[] content, Digest sha256)
    {
        var number = ++_number;
        var file = Path.Combine(_directory.Path, $"{number}.tar.xz");
        File.WriteAllBytes(file, content);
        var place = Directory.CreateDirectory(Path.Combine(_directory.Path, $"{number}")).FullName;
        using var root = RootDirectory.Open(place);
        return (CudaCompatArchive.Unpack(file, Locked(top, content.Length, sha256), root, Cancellation), place);
    }

    private sealed class Fetcher(string file) : IRedistFetcher
    {
        public Task<string> FetchAsync(LockedRedist locked, CancellationToken cancellation) => Task.FromResult(file);
    }
}
