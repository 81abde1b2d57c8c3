using Torchyard.Images.Layers;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;

namespace Torchyard.Images.Tests.Oci;

/// <summary>Device nodes and fifos of a layer are never made: the machine's root would open the device, or wait at the fifo.</summary>
public sealed class SpecialFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("disk", (int)TarKind.BlockDevice)]
    [InlineData("etc/passwd", (int)TarKind.CharacterDevice)]
    [InlineData("etc/passwd", (int)TarKind.Fifo)]
    [InlineData("etc", (int)TarKind.Fifo)]
    [InlineData("dev/zero", (int)TarKind.CharacterDevice)]
    public void They_are_left_out_and_named(string name, int kind)
    {
        Requires.Root("needs root, to give files their owners");
        var archive = new MemoryStream();
        var writer = new TarLayerWriter(archive);
        writer.Write(
            new TarEntry
            {
                Name = name,
                Kind = (TarKind)kind,
                Mode = 0x1B6,
                DeviceMajor = 7,
                DeviceMinor = 1,
            }
        );
        writer.Write(
            new TarEntry
            {
                Name = "usr",
                Kind = TarKind.Directory,
                Mode = 0x1ED,
            }
        );
        writer.Complete();
        archive.Position = 0;
        var extracted = LayerExtractor.Extract(
            archive,
            archive.Length,
            CompressionFormat.None,
            _directory.Path,
            "layer",
            userXattrs: false,
            TestContext.Current.CancellationToken
        );

        Assert.Equal([name], extracted.LeftOut);
        Assert.Equal(extracted.Blob, extracted.DiffId);
        Assert.False(Path.Exists(Path.Combine(_directory.Path, name)));
        Assert.True(Directory.Exists(Path.Combine(_directory.Path, "usr")));
    }
}
