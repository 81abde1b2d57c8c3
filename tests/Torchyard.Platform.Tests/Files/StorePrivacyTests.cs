using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class StorePrivacyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private StorePaths Paths => new(Path.Combine(_directory.Path, "store"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_store_that_an_earlier_version_left_open_is_closed()
    {
        const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;
        foreach (
            var path in new[]
            {
                Paths.Root,
                Paths.Packages,
                Path.Combine(Paths.Packages, "git"),
                Paths.Build,
                Paths.Indexes,
                Paths.Oci,
                Paths.Layers,
            }
        )
        {
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, Everybody);
        }

        foreach (var path in new[] { Paths.UseLock, Path.Combine(Paths.Oci, "index.json") })
        {
            File.WriteAllText(path, "");
            File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
        }

        StorePrivacy.Correct(Paths);

        foreach (var path in new[] { Paths.Packages, Paths.Build, Paths.Indexes, Paths.Layers })
        {
            Assert.Equal(StoreDirectory.OwnerOnly, File.GetUnixFileMode(path));
        }

        // Other tools read images in place, as other users too.
        Assert.Equal(StoreDirectory.Readable, File.GetUnixFileMode(Paths.Oci));
        Assert.Equal(StoreDirectory.Readable, File.GetUnixFileMode(Paths.Root));
        Assert.Equal((UnixFileMode)0b110_100_100, File.GetUnixFileMode(Path.Combine(Paths.Oci, "index.json")));
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(Paths.UseLock));
    }
}
