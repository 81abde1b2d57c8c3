using Torchyard.Platform.Files;

namespace Torchyard.Flows.Removal;

/// <summary>What a store has of other machines, and would fetch again: packages, and the indexes that name them.</summary>
internal static class FetchedFiles
{
    /// <summary>What there is of both.</summary>
    public static FileCount SizeOf(StorePaths store) => SizeOf(store.Packages) + SizeOf(store.Indexes);

    /// <summary>Removes what is in a directory of the store; the directory stays.</summary>
    /// <returns>What there was.</returns>
    public static FileCount Clear(string directory)
    {
        var size = SizeOf(directory);
        using var place = ConfinedDirectory.TryOpen(directory);
        place?.Clear();
        return size;
    }

    private static FileCount SizeOf(string directory)
    {
        using var place = ConfinedDirectory.TryOpen(directory);
        return place is null ? new FileCount(0, 0) : SizeOf(place);
    }

    private static FileCount SizeOf(ConfinedDirectory place)
    {
        var all = new FileCount(0, 0);
        foreach (var name in place.List())
        {
            switch (place.Status(name))
            {
                case { IsDirectory: true }:
                    using (var below = place.TryOpenDirectory(name))
                    {
                        all += below is null ? new FileCount(0, 0) : SizeOf(below);
                    }

                    break;
                case { IsRegular: true, Size: var size }:
                    all += new FileCount(1, size);
                    break;
            }
        }

        return all;
    }
}
