using Torchyard.Recipes;

namespace Torchyard.Packages.Python.Fetch;

/// <summary>Gives the verified file of each wheel of a lock.</summary>
public interface IWheelFetcher
{
    /// <summary>Starts fetching; each task gives the path of a wheel whose SHA-256 is the lock's.</summary>
    IReadOnlyDictionary<LockedPythonPackage, Task<string>> Fetch(LockedPython locked, CancellationToken cancellation);

    /// <summary>Hashes every cached wheel of a lock; files that are damaged are removed, so that the next fetch brings them anew.</summary>
    /// <returns>The distributions whose wheels were damaged.</returns>
    IReadOnlyList<LockedPythonPackage> RemoveDamaged(LockedPython locked, CancellationToken cancellation);
}
