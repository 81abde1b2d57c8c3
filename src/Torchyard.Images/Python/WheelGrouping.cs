using Torchyard.Packages.Python.Wheels;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>A wheel that is to be installed.</summary>
/// <param name="Package">Its entry in the lock.</param>
/// <param name="Plan">What it installs.</param>
internal sealed record PlannedWheel(LockedPythonPackage Package, InstallPlan Plan);

/// <summary>
/// Deals distributions out to layers: one for each heavy one, so that a new version of one leaves the others where they are.
/// </summary>
internal static class WheelGrouping
{
    /// <summary>Installed bytes from which a distribution has a layer of its own.</summary>
    internal const long HeavySize = 32L << 20;

    /// <summary>Groups wheels. The result depends on the wheels and the budget alone.</summary>
    /// <param name="wheels">All wheels of the lock.</param>
    /// <param name="budget">Most layers.</param>
    internal static IReadOnlyList<IReadOnlyList<PlannedWheel>> Group(IReadOnlyList<PlannedWheel> wheels, int budget)
    {
        var heavy = wheels
            .Where(w => w.Plan.Size >= HeavySize)
            .OrderByDescending(w => w.Plan.Size)
            .ThenBy(w => w.Package.Name, StringComparer.Ordinal)
            .Take(Math.Max(0, budget - 1))
            .ToHashSet();
        var ordered = wheels.OrderBy(w => w.Package.Name, StringComparer.Ordinal).ToList();
        var groups = ordered.Where(heavy.Contains).Select(IReadOnlyList<PlannedWheel> (w) => [w]).ToList();
        var rest = ordered.Where(w => !heavy.Contains(w)).ToList();
        if (rest.Count > 0)
        {
            groups.Add(rest);
        }

        return groups;
    }
}
