using System.Diagnostics;
using Torchyard.Images.Layers;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Tests.Layers;

/// <summary>Layers have no access control lists, in the blob as little as in the mounted form.</summary>
public sealed class AccessControlListTests : IDisposable
{
    private readonly TemporaryDirectory _upper = new();

    public void Dispose() => _upper.Dispose();

    [Fact]
    public void Lists_that_scripts_set_are_taken_away_and_the_owning_group_keeps_what_it_had()
    {
        Run(
            "mkdir -m 2750 journal; touch journal/log; chmod 640 journal/log; setfacl -m "
                + "g:4:rwx,d:g:4:rx journal; setfacl -m u:7:rwx,g::- journal/log"
        );
        Assert.Equal(
            3,
            Directory
                .GetFileSystemEntries(_upper.Path, "*", SearchOption.AllDirectories)
                .Prepend(_upper.Path)
                .Sum(path => XattrCalls.Names(path).Length)
        );

        var entries = OverlayTree.List(_upper.Path, 1_700_000_000, 0);
        OverlayTree.Settle(_upper.Path, entries);

        Assert.All(Directory.GetFileSystemEntries(_upper.Path, "*", SearchOption.AllDirectories), path =>
            Assert.Empty(XattrCalls.Names(path))
        );
        Assert.All(entries, entry => Assert.Empty(entry.Entry.Xattrs));
        Assert.Equal([("journal", 0x5E8), ("journal/log", 0x180)], entries.Select(entry => (entry.Entry.Name, entry.Entry.Mode)));
        Assert.Equal((UnixFileMode)0x5E8, File.GetUnixFileMode(Path.Combine(_upper.Path, "journal")));
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(Path.Combine(_upper.Path, "journal/log")));
        Assert.Equal(StoreDigest(entries), StoreDigest(OverlayTree.List(_upper.Path, long.MaxValue, long.MaxValue)));
    }

    private Torchyard.Platform.Digests.Digest StoreDigest(List<LayerEntry> entries) => LayerPacker.DiffIdOf(entries, _upper.Path);

    private void Run(string script)
    {
        using var process = Process.Start(
            new ProcessStartInfo("sh", ["-ec", "command -v setfacl >/dev/null || exit 77; " + script]) { WorkingDirectory = _upper.Path }
        )!;
        process.WaitForExit();
        Assert.SkipWhen(process.ExitCode is 77 or 1, "setfacl is missing, or the file system has no access control lists");
        Assert.Equal(0, process.ExitCode);
    }
}
