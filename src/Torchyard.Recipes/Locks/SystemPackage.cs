namespace Torchyard.Recipes.Locks;

/// <summary>A Debian package of the system that everything else stands on, whether the lock brings it or its base image has it.</summary>
/// <param name="Name">Package name.</param>
/// <param name="Version">Its version.</param>
public sealed record SystemPackage(string Name, string Version)
{
    /// <summary>Those of a system.</summary>
    /// <param name="packages">What is installed.</param>
    /// <param name="image">What it is installed upon; null for nothing.</param>
    public static IReadOnlyList<SystemPackage> Of(IReadOnlyList<LockedDebianPackage> packages, LockedBase? image)
    {
        ArgumentNullException.ThrowIfNull(packages);
        return
        [
            .. packages.Select(package => new SystemPackage(package.Name, package.Version)),
            .. image?.Packages.Select(package => new SystemPackage(package.Name, package.Version)) ?? [],
        ];
    }
}
