using Torchyard.Images.Capture.Host;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Capture.Plan;

/// <summary>Deals packages of the machine out to layers by the rule that built images have: a large source package owns a layer.</summary>
internal static class PackageGrouping
{
    private const long OwnLayerSize = 24L << 20;
    private const int Budget = 10;

    /// <summary>Titles and packages, bottom first.</summary>
    public static IEnumerable<(string Title, IReadOnlyList<HostPackage> Packages)> Group(IReadOnlyList<HostPackage> packages)
    {
        var large = packages
            .GroupBy(package => package.Source, StringComparer.Ordinal)
            .Select(group => (Source: group.Key, Size: group.Sum(package => package.InstalledSize), Packages: group.ToList()))
            .Where(group => group.Size >= OwnLayerSize)
            .OrderByDescending(group => group.Size)
            .ThenBy(group => group.Source, StringComparer.Ordinal)
            .Take(Budget)
            .OrderBy(group => group.Source, StringComparer.Ordinal)
            .ToList();
        var own = large.Select(group => group.Source).ToHashSet(StringComparer.Ordinal);
        if (packages.Where(package => !own.Contains(package.Source)).ToList() is { Count: > 0 } shared)
        {
            yield return ($"base system: {Count.Of(shared.Count, "package")}", shared);
        }

        foreach (var group in large)
        {
            yield return ("base system: " + Names(group.Packages), group.Packages);
        }
    }

    private static string Names(List<HostPackage> packages)
    {
        const int Shown = 3;
        var names = string.Join(' ', packages.Take(Shown).Select(package => package.Name));
        return packages.Count > Shown ? $"{names} and {packages.Count - Shown} more" : names;
    }
}
