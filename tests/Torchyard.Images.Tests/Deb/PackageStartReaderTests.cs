using Torchyard.Images.Debian.Packages;
using Torchyard.Platform.Compression;

namespace Torchyard.Images.Tests.Deb;

/// <summary>Control parts are read from the beginnings of files, which anybody may have made.</summary>
public sealed class PackageStartReaderTests
{
    [Theory]
    [InlineData(CompressionFormat.None)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Zstd)]
    public void The_control_part_is_read_without_the_rest(CompressionFormat compression)
    {
        var content = new DebBuilder("early") { Fields = "Depends: late\n", Compression = compression }
            .File("usr/share/early", new string('x', 50_000))
            .Build();
        var package = DebBuilder.Locked("early", content);

        // Step by step, as a mirror is asked.
        long length = 8;
        while (PackageStartReader.Needed(content.AsMemory(0, (int)length)) is { } needed && needed > length)
        {
            length = needed;
        }

        Assert.InRange(length, 100, content.Length - 1);
        Assert.Equal(length, PackageStartReader.Needed(content.AsMemory()));
        var (control, time) = PackageStartReader.TryRead(content.AsMemory(0, (int)length), package)!.Value;
        Assert.Equal("late", control["Depends"]);
        Assert.Equal(1_700_000_000, time);
    }

    [Fact]
    public void What_is_not_a_package_or_is_another_one_says_nothing()
    {
        var content = new DebBuilder("early").Build();
        var package = DebBuilder.Locked("early", content);
        Assert.Null(PackageStartReader.Needed("<html>not here</html>"u8.ToArray()));
        Assert.Null(PackageStartReader.Needed(DebBuilder.Archive(("debian-binary", new byte[100_000]))));
        Assert.Null(PackageStartReader.TryRead(content, package with { Version = "2.0" }));
        for (var index = 132; index < 200; index++)
        {
            var damaged = content.ToArray();
            damaged[index] ^= 0x55;
            _ = PackageStartReader.TryRead(damaged, package);
        }
    }
}
