namespace Torchyard.Platform.Files;

/// <summary>
/// Keeps other users of the machine away from files of images and containers: among them are set-user-id programs of root, which anybody who
/// can reach them could start outside of any container.
/// </summary>
public static class StorePrivacy
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the directories of layers, containers, volumes, projects and work in progress, for their owner alone. Blobs stay readable.</summary>
    /// <param name="paths">The store.</param>
    public static void Protect(StorePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        foreach (var directory in new[] { paths.Layers, paths.Containers, paths.Volumes, paths.Projects, paths.Temporary })
        {
            var place = Directory.CreateDirectory(directory, OwnerOnly);
            if (place.UnixFileMode != OwnerOnly)
            {
                place.UnixFileMode = OwnerOnly;
            }
        }
    }
}
