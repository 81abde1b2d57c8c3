using Torchyard.Recipes;

namespace Torchyard.Packages;

/// <summary>
/// Gives the verified file of each locked package as soon as it is in the cache, so that unpacking starts while others still download.
/// </summary>
public interface IPackageFetcher
{
    /// <summary>Starts fetching all packages, most urgent first.</summary>
    /// <param name="locked">The lock; order of <paramref name="packages"/> is the order of urgency.</param>
    /// <param name="packages">Packages of the lock to fetch.</param>
    /// <param name="cancellation">Ends all downloads; partial files stay for the next try.</param>
    /// <returns>For each package the path of a file whose SHA-256 was checked. A task fails with TY2xxx when no source has the right bytes.</returns>
    IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(
        RecipeLock locked, IReadOnlyList<LockedDebianPackage> packages, CancellationToken cancellation);
}
