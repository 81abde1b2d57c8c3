using Torchyard.Platform.Files;

namespace Torchyard.Containers.Namespaces;

/// <summary>Removes what root's containers of a store made in <c>/run</c>. All stores share the directory, and the stage in it.</summary>
public static class StageRemoval
{
    /// <summary>Removes what was found out for a store, and the rest where no other store has anything there.</summary>
    /// <returns>The directory when all of it is gone; null when it stays, or was not there.</returns>
    public static string? Run(StorePaths store) => Run(store, Stage.Facts);

    /// <summary>As above.</summary>
    /// <param name="store">The store, which nobody uses any more.</param>
    /// <param name="path">The directory that the stores share.</param>
    internal static string? Run(StorePaths store, string path)
    {
        using var directory = ConfinedDirectory.TryOpen(path);
        if (directory is null)
        {
            return null;
        }

        directory.Delete(UserNamespaceSupport.VerdictOf(store));
        if (directory.List().Any(name => name != Stage.Name))
        {
            return null;
        }

        // Empty directories, or something is mounted there by now.
        foreach (var name in (string[])[$"{Stage.Name}/{Stage.RootFileSystem}", Stage.Name])
        {
            directory.Delete(name);
        }

        using var above = ConfinedDirectory.Open(Path.GetDirectoryName(path)!);
        above.Delete(Path.GetFileName(path));
        return path;
    }
}
