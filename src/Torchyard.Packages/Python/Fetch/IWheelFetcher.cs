using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Fetch;

/// <summary>Gives the verified file of each wheel of a lock.</summary>
public interface IWheelFetcher
{
    /// <summary>
    /// Starts fetching, the largest first; each task gives the path of a wheel whose SHA-256 is the lock's, as soon as it is there.
    /// </summary>
    IReadOnlyDictionary<LockedPythonPackage, Task<string>> Fetch(LockedPython locked, CancellationToken cancellation);
}
