using Torchyard.Images.Capture.Python;
using Torchyard.Images.Python;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Capture.Plan;

/// <summary>
/// Deals distributions out to layers by the rule that built images have: each heavy one owns a layer, the rest share one.
/// </summary>
internal static class DistributionGrouping
{
    /// <summary>Titles and distributions, bottom first.</summary>
    public static IEnumerable<(string Title, IReadOnlySet<InstalledDistribution> Distributions)> Group(
        IReadOnlyList<EnvironmentPart> parts,
        int budget
    )
    {
        var sizes = new Dictionary<InstalledDistribution, long>();
        foreach (var part in parts)
        {
            foreach (var entry in part.Entries)
            {
                if (entry.IsFile && part.Owners.TryGetValue(entry.Path, out var owner))
                {
                    sizes[owner] = sizes.GetValueOrDefault(owner) + (long)entry.Stat.Size;
                }
            }
        }

        var heavy = sizes
            .Where(pair => pair.Value >= WheelGrouping.HeavySize)
            .OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key.Name, StringComparer.Ordinal)
            .Take(Math.Max(0, budget))
            .Select(pair => pair.Key)
            .OrderBy(distribution => distribution.Name, StringComparer.Ordinal)
            .ToList();
        foreach (var distribution in heavy)
        {
            yield return ($"{distribution.Name} {distribution.Version}", new HashSet<InstalledDistribution> { distribution });
        }

        var rest = sizes.Keys.Except(heavy).ToHashSet();
        if (rest.Count > 0)
        {
            yield return (
                rest.Count == 1 ? $"{rest.Single().Name} {rest.Single().Version}" : $"{Count.Of(rest.Count, "distribution")}",
                rest
            );
        }
    }
}
