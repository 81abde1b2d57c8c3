using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// Who may do what in a store. Images and their index are for everybody to read, because other tools read the layout in place; all else is
/// its owner's alone: layers have set-user-id programs of root, which anybody who can reach them could start outside of any container;
/// packages may be private wheels and copies of private repositories; indexes may be those of private servers; and who can open a lock can
/// hold it.
/// </summary>
public static class StorePrivacy
{
    /// <summary>Makes the directories that must be their owner's alone, and corrects all that are there.</summary>
    /// <param name="paths">The store.</param>
    public static void Protect(StorePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        StoreDirectory.Create(paths.Root);
        // Before anything is made in it.
        StoreDirectory.TakeGroup(paths.Root);
        foreach (var directory in Private(paths))
        {
            StoreDirectory.Create(directory, StoreDirectory.OwnerOnly);
            StoreDirectory.TakeGroup(directory);
        }

        StoreDirectory.TakeGroup(paths.Oci);

        Correct(paths);
    }

    /// <summary>Corrects the modes of a store that an earlier version made, or somebody changed; makes nothing.</summary>
    public static void Correct(StorePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (!Directory.Exists(paths.Root))
        {
            return;
        }

        StoreDirectory.Seal(paths.Root);
        foreach (var directory in Private(paths))
        {
            StoreDirectory.Correct(directory, StoreDirectory.OwnerOnly);
        }

        foreach (
            var directory in new[] { paths.Oci, Path.Combine(paths.Oci, "blobs"), Path.Combine(paths.Oci, "blobs", "sha256"), paths.Tools }
        )
        {
            StoreDirectory.Seal(directory);
        }

        foreach (
            var file in new[]
            {
                Path.Combine(paths.Oci, "index.json"),
                Path.Combine(paths.Oci, "oci-layout"),
                Path.Combine(paths.Root, "index.copy.json"),
            }
        )
        {
            StoreDirectory.Seal(file);
        }

        // In directories that others may enter; locks elsewhere are behind one of the owner's.
        foreach (var file in new[] { paths.UseLock, paths.IndexLock, paths.ToolsLock })
        {
            StoreDirectory.CorrectFile(file, (UnixFileMode)FileModes.Private);
        }
    }

    private static string[] Private(StorePaths paths) =>
        [
            paths.Layers,
            paths.Containers,
            paths.Volumes,
            paths.Projects,
            paths.Temporary,
            paths.Packages,
            paths.Indexes,
            paths.Build,
            paths.Filters,
        ];
}
