using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Errors;

/// <summary>A file of the package cache is not what the lock says. The build fetches it again and starts over.</summary>
/// <param name="package">Name and version of what the file is: a Debian package, a wheel, cuDNN.</param>
/// <param name="inner">What reading it ran into.</param>
internal sealed class DamagedPackageException(string package, Exception? inner = null)
    : Exception($"the cached file of {package} is damaged", inner)
{
    /// <summary>A file of the cache that is a Debian package.</summary>
    public DamagedPackageException(LockedDebianPackage package, Exception? inner = null)
        : this($"{package.Name} {package.Version}", inner) { }

    /// <summary>Name and version of what the file is.</summary>
    public string Package { get; } = package;
}
