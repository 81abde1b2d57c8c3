using Torchyard.Images.Debian.Packages;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// The order in which packages count as unpacked. dpkg is given some order, and where files are shared its result depends on it; here it is
/// always the same, whichever package was there first: a package that replaces files of others comes after them, and after all that replace
/// nothing.
/// </summary>
internal static class UnpackOrder
{
    /// <param name="packages">Packages of a stage or layer, bottom layer first, by name within it.</param>
    /// <param name="contending">Those of them that want a place which another one wants.</param>
    internal static List<UnpackedPackage> Of(IReadOnlyList<UnpackedPackage> packages, IReadOnlyCollection<UnpackedPackage> contending)
    {
        var replaced = new Dictionary<UnpackedPackage, List<UnpackedPackage>>(ReferenceEqualityComparer.Instance);
        foreach (var package in contending.Where(package => package.Control["Replaces"] is not null))
        {
            // Of two that replace each other the later one wins, as with dpkg.
            var others = contending
                .Where(other =>
                    !ReferenceEquals(other, package) && Replacement.Covers(package, other) && !Replacement.Covers(other, package)
                )
                .ToList();
            if (others.Count > 0)
            {
                replaced[package] = others;
            }
        }

        var order = packages.Where(package => !replaced.ContainsKey(package)).ToList();
        var done = new HashSet<UnpackedPackage>(order, ReferenceEqualityComparer.Instance);
        var open = packages.Where(replaced.ContainsKey).ToList();
        while (open.Count > 0)
        {
            // In a circle the first one of all breaks it.
            var next = open.Find(package => replaced[package].TrueForAll(done.Contains)) ?? open[0];
            open.Remove(next);
            done.Add(next);
            order.Add(next);
        }

        return order;
    }
}
