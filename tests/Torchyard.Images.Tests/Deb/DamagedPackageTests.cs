using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Deb;

/// <summary>A cached package that lost a byte since it was fetched.</summary>
public sealed class DamagedPackageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private int _number;

    public DamagedPackageTests() => Requires.Root("needs root for owners");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void A_flipped_bit_anywhere_is_known_for_damage_and_never_for_a_bad_package(CompressionFormat format)
    {
        var content = Sample(format).Build();
        for (var position = 0; position < content.Length; position += 7)
        {
            var damaged = content.ToArray();
            damaged[position] ^= (byte)(1 << (position % 8));

            var failure = Assert.Throws<DamagedPackageException>(() => Unpack(damaged, DebBuilder.Locked("sample", content)));

            Assert.Equal("sample 1.0", failure.Package);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-1)]
    public void So_is_a_file_that_was_cut_short(int length)
    {
        var content = Sample(CompressionFormat.Zstd).Build();

        Assert.Throws<DamagedPackageException>(() =>
            Unpack(content[..(length < 0 ? content.Length + length : length)], DebBuilder.Locked("sample", content))
        );
    }

    [Fact]
    public void A_package_that_was_made_wrongly_is_told_from_a_damaged_one()
    {
        var content = new DebBuilder("other").File("./usr/x", "x").Build();

        var failure = Assert.Throws<TorchyardException>(() => Unpack(content, DebBuilder.Locked("sample", content)));

        Assert.Equal("TY3001", failure.Code);
    }

    [Fact]
    public void Whatever_is_read_in_whatever_order_the_hash_is_that_of_the_whole_file()
    {
        var content = new byte[200_000];
        var random = new Random(7);
        random.NextBytes(content);
        var path = Path.Combine(_directory.Path, "content");
        File.WriteAllBytes(path, content);
        for (var round = 0; round < 50; round++)
        {
            using var file = new HashedFile(File.OpenHandle(path));
            for (var read = 0; read < random.Next(6); read++)
            {
                var offset = random.Next(content.Length);
                var buffer = new byte[random.Next(1, 90_000)];
                var count = file.Read(buffer, offset);
                Assert.Equal(content.AsSpan(offset, count), buffer.AsSpan(0, count));
            }

            Assert.Equal(Digest.Of(content), file.Finish());
        }
    }

    private static DebBuilder Sample(CompressionFormat format) =>
        new DebBuilder("sample") { Compression = format }
            .Directory("./usr")
            .File("./usr/one", "some content")
            .File("./usr/two", "other content")
            .Symlink("./usr/link", "one")
            .Control("md5sums", "")
            .Control("postinst", "#!/bin/sh\ntrue\n", 0x1ED);

    private void Unpack(byte[] content, LockedDebianPackage package)
    {
        var path = Path.Combine(_directory.Path, $"{_number}.deb");
        File.WriteAllBytes(path, content);
        using var root = RootDirectory.Open(Directory.CreateDirectory(Path.Combine(_directory.Path, $"root{_number++}")).FullName);
        PackageUnpacker.Unpack(path, package, root, root.Path + ".aside", TestContext.Current.CancellationToken);
    }
}
