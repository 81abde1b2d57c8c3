using Torchyard.Platform.Files;

namespace Torchyard.Packages.Fetching;

/// <summary>
/// Beginnings of packages, wheels and indexes that downloads left which were ended: the next try goes on from them, if there is one.
/// </summary>
public static class PartialDownloads
{
    /// <summary>Removes those that nobody is at.</summary>
    /// <param name="store">The store.</param>
    /// <returns>How many there were, and the bytes that were freed.</returns>
    public static (int Count, long Bytes) Remove(StorePaths store)
    {
        ArgumentNullException.ThrowIfNull(store);
        var sizes = new[] { store.Packages, store.Indexes }.SelectMany(root => new FileCache(root).RemovePartials()).ToList();
        return (sizes.Count, sizes.Sum());
    }
}
