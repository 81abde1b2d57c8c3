using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Errors;

/// <summary>
/// The beginning of a package that came before the package has other bytes than the package that the lock names. The build starts over, and
/// plans with whole packages alone.
/// </summary>
/// <param name="package">The package.</param>
internal sealed class MisleadingStartException(LockedDebianPackage package)
    : Exception($"the beginning of {package.Name} {package.Version} that a mirror gave is not that of the package")
{
    /// <summary>Name and version of the package.</summary>
    public string Package { get; } = $"{package.Name} {package.Version}";
}
