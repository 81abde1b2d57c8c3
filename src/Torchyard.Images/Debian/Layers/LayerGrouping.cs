using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Layers;

/// <summary>
/// Groups the packages of a stage into layers by source package: what is large owns a layer, the rest share one. Being large is a property
/// of the source package alone as long as the budget holds, so two images that have it in common share its layer.
/// </summary>
internal static class LayerGrouping
{
    /// <summary>Installed size in bytes from which a source package gets a layer of its own.</summary>
    private const long OwnLayerSize = 24L << 20;

    /// <param name="packages">Packages of one stage.</param>
    /// <param name="budget">Most layers of their own that are still free; lowered by those used.</param>
    /// <returns>The layers, bottom first: the shared one, then the large ones by source name; packages in name order.</returns>
    internal static List<IReadOnlyList<LockedDebianPackage>> Group(IReadOnlyList<LockedDebianPackage> packages, ref int budget)
    {
        var large = packages
            .GroupBy(package => package.Source, StringComparer.Ordinal)
            .Select(group => (Source: group.Key, Size: group.Sum(package => package.InstalledSize), Packages: Sorted(group)))
            .Where(group => group.Size >= OwnLayerSize)
            .OrderByDescending(group => group.Size)
            .ThenBy(group => group.Source, StringComparer.Ordinal)
            .Take(Math.Max(0, budget))
            .OrderBy(group => group.Source, StringComparer.Ordinal)
            .ToList();
        budget -= large.Count;
        var own = large.Select(group => group.Source).ToHashSet(StringComparer.Ordinal);
        var layers = new List<IReadOnlyList<LockedDebianPackage>>();
        if (Sorted(packages.Where(package => !own.Contains(package.Source))) is { Count: > 0 } shared)
        {
            layers.Add(shared);
        }

        layers.AddRange(large.Select(group => group.Packages));
        return layers;
    }

    private static IReadOnlyList<LockedDebianPackage> Sorted(IEnumerable<LockedDebianPackage> packages) =>
        [
            .. packages
                .OrderBy(package => package.Name, StringComparer.Ordinal)
                .ThenBy(package => package.Architecture, StringComparer.Ordinal),
        ];
}
