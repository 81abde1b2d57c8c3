using System.Text.RegularExpressions;
using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

/// <summary>Work that is killed leaves nothing behind in the store for good, and work that goes on keeps what it has.</summary>
public sealed partial class BuildDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StorePaths _paths;

    public BuildDirectoryTests() => _paths = new StorePaths(_directory.Path);

    public void Dispose() => ConfinedDirectory.Remove(_paths.Root);

    [Fact]
    public void What_killed_work_left_goes_and_what_is_held_stays()
    {
        using var held = BuildDirectory.Create(_paths);
        File.WriteAllText(Path.Combine(held.Path, "going on"), "");
        foreach (var directory in new[] { "ty-build-0123456789ab/rootfs", "removed-1/a/b", "proof-x", "build-" + new string('0', 32) })
        {
            Directory.CreateDirectory(Path.Combine(_paths.Temporary, directory));
        }

        foreach (
            var file in new[]
            {
                "blob-1",
                "wheel-a.part",
                "wheel-a.part.lock",
                "wheel-b.part",
                "left.lock",
                "build-" + new string('0', 32) + ".lock",
            }
        )
        {
            File.WriteAllText(Path.Combine(_paths.Temporary, file), "");
        }

        // What a sandbox made: closed to its owner, and a link out.
        Directory.CreateSymbolicLink(Path.Combine(_paths.Temporary, "ty-build-0123456789ab/out"), _paths.Root);
        File.WriteAllText(Path.Combine(_paths.Root, "kept"), "");
        File.SetUnixFileMode(Path.Combine(_paths.Temporary, "removed-1/a"), UnixFileMode.None);
        using var part = FileLock.TryAcquire(Path.Combine(_paths.Temporary, "wheel-b.part.lock"), exclusive: true);

        BuildDirectory.RemoveLeftovers(_paths);

        var name = Path.GetFileName(held.Path);
        Assert.Equal(
            new[] { name, name + ".lock", "wheel-b.part", "wheel-b.part.lock" }.Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(_paths.Temporary).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.True(File.Exists(Path.Combine(held.Path, "going on")));
        Assert.True(File.Exists(Path.Combine(_paths.Root, "kept")));
    }

    /// <summary>
    /// A name in <c>tmp/</c> that nobody holds is deleted by the next <c>prune</c>, so work of its own kind begins with a lock.
    /// </summary>
    [Fact]
    public void Only_named_places_make_something_in_the_store_s_temporary_directory()
    {
        Dictionary<string, string> allowed = new()
        {
            ["src/Torchyard.Platform/Files/BuildDirectory.cs"] = "is the way to do it",
            ["src/Torchyard.Platform/Files/StorePrivacy.cs"] = "corrects its mode",
            ["src/Torchyard.Containers/Namespaces/StoreNamespace.cs"] = "leaves it out when it gives the store back to its owner",
            ["src/Torchyard.Images/Store/GarbageCollection.cs"] = "moves away what it deletes right then",
            ["src/Torchyard.Images/Layers/SealedDirectory.cs"] = "the same",
            ["src/Torchyard.Images/Store/StoreRepair.cs"] = "the same",
            ["src/Torchyard.Flows/Runtimes/FetchedRuntime.cs"] = "the same",
            ["src/Torchyard.Images/Oci/OciLayout.cs"] = "a blob, while it holds the store's use",
            ["src/Torchyard.Registry/Pulling/IncomingBlob.cs"] = "what has come of a blob, with a lock beside it",
            ["src/Torchyard.Registry/Pulling/ImagePull.cs"] = "the directory itself",
            ["src/Torchyard.Flows/Repair/RepairedImage.cs"] = "the directory itself, which must belong to the caller",
            ["src/Torchyard.Flows/Assembling/ProjectImage.cs"] = "the same",
            ["src/Torchyard.Mirror/Upstreams/Fetches.cs"] =
                "the mirror's own store: what has come of a blob, which goes on after a restart",
        };
        var found = SourceTree.Files("src").Where(file => Temporary().IsMatch(SourceTree.Read(file))).ToHashSet(StringComparer.Ordinal);

        Assert.Empty(
            found.Except(allowed.Keys).Order(StringComparer.Ordinal).Select(file => $"{file} uses the store's tmp/: use BuildDirectory")
        );
        Assert.Empty(
            allowed.Keys.Except(found).Order(StringComparer.Ordinal).Select(file => $"{file} does so no longer: take it off the list")
        );
    }

    [GeneratedRegex(@"\.Temporary\b")]
    private static partial Regex Temporary();
}
