using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class UnfinishedFilesTests
{
    [Fact]
    public void What_killed_writes_left_in_a_store_is_removed_once_it_is_old()
    {
        using var root = new TemporaryDirectory();
        var leftovers = new[]
        {
            "index.json",
            "oci/index.json",
            "oci/blobs/sha256/ab",
            "build/layers/x.json",
            "filters/ab",
            "indexes/releases/x",
            "gpus/leases/x.json",
        }
            .Select(name => Put(root.Path, $"{name}.1f-{Guid.NewGuid():N}.tmp", old: true))
            .ToList();
        string[] kept =
        [
            Put(root.Path, $"oci/young.1f-{Guid.NewGuid():N}.tmp", old: false),
            Put(root.Path, $"volumes/mine/theirs.1f-{Guid.NewGuid():N}.tmp", old: true),
            Put(root.Path, $"projects/p/home/theirs.1f-{Guid.NewGuid():N}.tmp", old: true),
            Put(root.Path, "build/other.tmp", old: true),
        ];

        UnfinishedFiles.Remove(new StorePaths(root.Path), TimeProvider.System);

        Assert.All(leftovers, file => Assert.False(File.Exists(file), file));
        Assert.All(kept, file => Assert.True(File.Exists(file), file));

        var beside = Put(root.Path, $"torchyard.lock.1f-{Guid.NewGuid():N}.tmp", old: true);
        var other = Put(root.Path, $"torchyard.toml.1f-{Guid.NewGuid():N}.tmp", old: true);
        UnfinishedFiles.RemoveBeside(Path.Combine(root.Path, "torchyard.lock"), TimeProvider.System);
        Assert.False(File.Exists(beside));
        Assert.True(File.Exists(other));
    }

    private static string Put(string root, string name, bool old)
    {
        var path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
        if (old)
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-1));
        }

        return path;
    }
}
