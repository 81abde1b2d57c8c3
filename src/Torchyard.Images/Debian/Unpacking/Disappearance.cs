using Torchyard.Images.Debian.Packages;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>A package that disappeared, and the one whose unpacking took its last path.</summary>
internal sealed record Disappeared(UnpackedPackage Package, UnpackedPackage InFavourOf);

/// <summary>
/// Which packages dpkg lets disappear when it has unpacked one (src/main/unpack.c, pkg_disappear_others): those whose every path,
/// directories too, is in that package or in a third one, and which no package needs. Packages of the same stage count as configured, so
/// that what one of them needs stays, as it does where dpkg configures it first.
/// </summary>
internal static class Disappearance
{
    private static readonly string[] NeedingFields = ["Pre-Depends", "Depends", "Recommends"];

    /// <param name="candidate">A package that was unpacked before.</param>
    /// <param name="list">Its list, with what <paramref name="package"/> takes from it.</param>
    /// <param name="package">The package that was unpacked.</param>
    /// <param name="holders">Packages that have a path and are unpacked, <paramref name="package"/> included.</param>
    /// <param name="diversions">dpkg's diversions.</param>
    /// <param name="present">All packages, to see who needs the candidate.</param>
    internal static bool Disappears(
        UnpackedPackage candidate,
        IEnumerable<string> list,
        UnpackedPackage package,
        Func<string, IEnumerable<UnpackedPackage>> holders,
        IReadOnlyDictionary<string, Diversion> diversions,
        IEnumerable<UnpackedPackage> present
    )
    {
        var hasPath = false;
        foreach (var path in list)
        {
            hasPath |= path.Length > 0;
            // Where a diversion is by one of the two, they have different files under this name (dpkg, filesavespackage).
            if (
                (
                    diversions.TryGetValue(path, out var diversion)
                    && (diversion.Package == candidate.Package.Name || diversion.Package == package.Package.Name)
                ) || holders(path).All(other => ReferenceEquals(other, candidate))
            )
            {
                return false;
            }
        }

        return hasPath && !IsNeeded(candidate, present);
    }

    /// <summary>True when the relations of some package hold with the candidate alone (dpkg, depisok).</summary>
    private static bool IsNeeded(UnpackedPackage candidate, IEnumerable<UnpackedPackage> present)
    {
        var names = Provided(candidate).Select(provided => provided.Name).Prepend(candidate.Package.Name).ToHashSet(StringComparer.Ordinal);
        var others = present.Where(other => !ReferenceEquals(other, candidate)).ToList();
        return others
            .SelectMany(other => NeedingFields.SelectMany(field => PackageRelation.Groups(other.Control[field])))
            .Any(group =>
                group.Any(relation => names.Contains(relation.Name)) && !group.Any(relation => others.Any(other => Meets(other, relation)))
            );
    }

    private static bool Meets(UnpackedPackage package, PackageRelation relation) =>
        (package.Package.Name == relation.Name && relation.IsMetBy(package.Package.Version)) || Provided(package).Any(relation.IsMetBy);

    private static IEnumerable<PackageRelation> Provided(UnpackedPackage package) =>
        PackageRelation.Groups(package.Control["Provides"]).SelectMany(group => group);
}
