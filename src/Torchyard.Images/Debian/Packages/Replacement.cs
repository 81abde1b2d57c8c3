using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Packages;

/// <summary>The field Replaces (Debian Policy 7.6.1): whose files a package takes over.</summary>
internal static class Replacement
{
    /// <summary>True when a package says that it replaces another one in the version that is there.</summary>
    internal static bool Covers(UnpackedPackage package, UnpackedPackage other) => Covers(package.Control["Replaces"], other.Package);

    /// <summary>True when a Replaces field names a package; virtual names do not count (dpkg, does_replace).</summary>
    internal static bool Covers(string? field, LockedDebianPackage other) =>
        PackageRelation
            .Groups(field)
            .Any(group =>
                group is [var item, ..]
                && item.Name == other.Name
                && (item.Architecture == "any" || item.Architecture == other.Architecture)
                && item.IsMetBy(other.Version)
            );
}
