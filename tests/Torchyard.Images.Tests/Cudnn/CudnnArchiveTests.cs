using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Nvidia;
using Torchyard.Images.Tar;
using Torchyard.Images.Tests.Redist;
using Torchyard.Images.Tests.Tar;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Cudnn;

/// <summary>Archives of the form of NVIDIA's, made by xz.</summary>
public sealed class CudnnArchiveTests : IDisposable
{
    private const string Top = "cudnn-linux-x86_64-9.0.0.312_cuda12-archive";
    private readonly TemporaryDirectory _directory = new();
    private int _number;

    public CudnnArchiveTests()
    {
        Requires.Root("needs root for owners");
        Assert.SkipUnless(File.Exists("/usr/bin/xz"), "needs xz (Debian package xz-utils)");
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Everything_lies_where_debians_downloader_puts_it_and_the_licence_is_kept()
    {
        var (entries, root) = Unpack(Sample());

        Assert.Equal(
            [
                "usr/include/x86_64-linux-gnu/cudnn_version.h",
                "usr/lib/x86_64-linux-gnu/libcudnn.so",
                "usr/lib/x86_64-linux-gnu/libcudnn.so.9",
                "usr/lib/x86_64-linux-gnu/libcudnn.so.9.0.0",
                "usr/lib/x86_64-linux-gnu/libcudnn_ops.so.9.0.0",
                "usr/share/doc/nvidia-cudnn/LICENSE",
            ],
            entries.Select(entry => entry.Name).Order(StringComparer.Ordinal)
        );
        Assert.Equal("libcudnn.so.9.0.0", new FileInfo(Path.Combine(root, "usr/lib/x86_64-linux-gnu/libcudnn.so.9")).LinkTarget);
        Assert.Equal("code", File.ReadAllText(Path.Combine(root, "usr/lib/x86_64-linux-gnu/libcudnn.so.9.0.0")));
        // NVIDIA's archives have 0755 and the builder's user.
        Assert.Equal((UnixFileMode)0x1A4, File.GetUnixFileMode(Path.Combine(root, "usr/lib/x86_64-linux-gnu/libcudnn.so.9.0.0")));
        Assert.Equal(6, Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Count());
    }

    [Theory]
    [InlineData("amd64", "usr/lib/x86_64-linux-gnu/libcudnn.so.9")]
    [InlineData("arm64", "usr/lib/aarch64-linux-gnu/libcudnn.so.9")]
    public void Libraries_go_to_the_directory_of_the_architecture(string architecture, string place) =>
        Assert.Equal(place, CudnnArchive.PlaceOf("x/lib/libcudnn.so.9", TarKind.Symlink, architecture));

    [Theory]
    [InlineData("x/lib/libcudnn_static_v9.a")]
    [InlineData("x/lib/libcudnn_static.a")]
    [InlineData("x/lib/sub/libcudnn.so.9")]
    [InlineData("x/lib/libevil.so")]
    [InlineData("x/lib/libcudnn.so.9/../../../etc/passwd")]
    [InlineData("x/include/stdio.h")]
    [InlineData("x/samples/LICENSE")]
    [InlineData("lib/libcudnn.so.9")]
    public void What_is_not_cudnns_stays_out(string name) => Assert.Null(CudnnArchive.PlaceOf(name, TarKind.File, "amd64"));

    [Fact]
    public void Names_and_links_that_lead_out_are_refused()
    {
        Assert.Equal("TY3002", Refused([File_("../lib/libcudnn.so.9", "x")]).Code);
        Assert.Equal("TY3002", Refused([.. Sample(), Link("lib/libcudnn_adv.so.9", "/etc/passwd")]).Code);
        Assert.Equal("TY3002", Refused([.. Sample(), Link("lib/libcudnn_adv.so.9", "../../x")]).Code);
        Assert.Contains("twice", Refused([.. Sample(), File_("lib/libcudnn.so.9.0.0", "x")]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_of_another_major_release_is_refused() =>
        Assert.Contains(
            "no libcudnn.so.9",
            Refused([File_("lib/libcudnn.so.8.9.7", "x"), Link("lib/libcudnn.so.8", "libcudnn.so.8.9.7")]).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_bomb_is_refused()
    {
        var failure = Refused(
            [
                new TarEntry
                {
                    Name = $"{Top}/lib/libcudnn.so.9",
                    Kind = TarKind.File,
                    Mode = 0x1A4,
                    Size = 300 << 20,
                },
            ],
            new byte[300 << 20]
        );
        Assert.Equal("TY3003", failure.Code);
    }

    [Fact]
    public void A_flipped_byte_is_known_for_damage_wherever_it_is()
    {
        var content = XzArchive.Compress(TarRoundTripTests.Write([.. Sample()]));
        for (var position = 0; position < content.Length; position += 11)
        {
            var damaged = content.ToArray();
            damaged[position] ^= 4;
            Assert.Equal(
                "cuDNN 9.0.0.312",
                Assert.Throws<DamagedPackageException>(() => UnpackFile(damaged, Digest.Of(content), null)).Package
            );
        }

        Assert.Throws<DamagedPackageException>(() => UnpackFile(content[..^30], Digest.Of(content), null));
    }

    [Fact]
    public void Debian_vouches_for_the_archive_by_its_sha_512()
    {
        var content = XzArchive.Compress(TarRoundTripTests.Write([.. Sample()]));
        UnpackFile(content, Digest.Of(content), Convert.ToHexStringLower(SHA512.HashData(content)));
        var failure = Assert.Throws<TorchyardException>(() =>
            UnpackFile(content, Digest.Of(content), Convert.ToHexStringLower(SHA512.HashData("other"u8)))
        );
        Assert.Equal("TY3022", failure.Code);
    }

    [Fact]
    public void Debians_downloader_is_asked_only_about_its_own_release()
    {
        var sum = new string('c', 128);
        var program =
            $"CUDA_VER=\"12\"\nCUDNN_VER=\"9.0.0.312\"\nURL_amd64=\"https://x/\"\nSHA512_amd64={sum}\n# a "
            + $"comment\nSHA512_arm64={new string('a', 128)}\n";
        Assert.Equal(sum, DebianDownloader.Sha512Of(program, "9.0.0.312", "amd64"));
        Assert.Equal(new string('a', 128), DebianDownloader.Sha512Of(program, "9.0.0.312", "arm64"));
        Assert.Null(DebianDownloader.Sha512Of(program, "9.1.0.70", "amd64"));
        Assert.Null(DebianDownloader.Sha512Of(program, "9.0.0.312", "ppc64el"));
        Assert.Null(DebianDownloader.Sha512Of("#!/bin/sh\n", "9.0.0.312", "amd64"));
    }

    private static List<(TarEntry, byte[])> Sample() =>
        [
            Entry("", TarKind.Directory),
            Entry("lib", TarKind.Directory),
            Entry("include", TarKind.Directory),
            File_("lib/libcudnn.so.9.0.0", "code"),
            Link("lib/libcudnn.so.9", "libcudnn.so.9.0.0"),
            Link("lib/libcudnn.so", "libcudnn.so.9"),
            File_("lib/libcudnn_ops.so.9.0.0", "ops"),
            File_("lib/libcudnn_static_v9.a", "large"),
            Link("lib/libcudnn_static.a", "libcudnn_static_v9.a"),
            File_("include/cudnn_version.h", "#define CUDNN_MAJOR 9\n"),
            File_("LICENSE", "terms"),
        ];

    private static (TarEntry, byte[]) Entry(string name, TarKind kind) =>
        (
            new TarEntry
            {
                Name = $"{Top}/{name}",
                Kind = kind,
                Mode = 0x1ED,
            },
            []
        );

    private static (TarEntry, byte[]) File_(string name, string content) =>
        (
            new TarEntry
            {
                Name = $"{Top}/{name}",
                Kind = TarKind.File,
                Mode = 0x1ED,
                User = 25503,
                Group = 2174,
                ModifiedAt = 1_707_000_000,
                Size = content.Length,
            },
            Encoding.UTF8.GetBytes(content)
        );

    private static (TarEntry, byte[]) Link(string name, string target) =>
        (
            new TarEntry
            {
                Name = $"{Top}/{name}",
                Kind = TarKind.Symlink,
                Mode = 0x1FF,
                LinkTarget = target,
                ModifiedAt = 1_707_000_000,
            },
            []
        );

    private TorchyardException Refused(List<(TarEntry, byte[])> entries) => Assert.Throws<TorchyardException>(() => Unpack(entries));

    private TorchyardException Refused(TarEntry[] entries, byte[] content) =>
        Assert.Throws<TorchyardException>(() => Unpack([.. entries.Select(entry => (entry, content))]));

    private (List<TarEntry> Entries, string Root) Unpack(List<(TarEntry, byte[])> entries)
    {
        var content = XzArchive.Compress(TarRoundTripTests.Write([.. entries]));
        return UnpackFile(content, Digest.Of(content), null);
    }

    private (List<TarEntry> Entries, string Root) UnpackFile(byte[] content, Digest sha256, string? sha512)
    {
        var number = ++_number;
        var file = Path.Combine(_directory.Path, $"{number}.tar.xz");
        File.WriteAllBytes(file, content);
        var place = Directory.CreateDirectory(Path.Combine(_directory.Path, $"{number}")).FullName;
        using var root = RootDirectory.Open(place);
        var cudnn = new LockedCudnn
        {
            Version = "9.0.0.312",
            Cuda = 12,
            Url = $"https://example.org/{Top}.tar.xz",
            Size = content.Length,
            Sha256 = sha256,
            License = "https://example.org/LICENSE.txt",
        };
        return (CudnnArchive.Unpack(file, cudnn, "amd64", sha512, root, TestContext.Current.CancellationToken), place);
    }
}
