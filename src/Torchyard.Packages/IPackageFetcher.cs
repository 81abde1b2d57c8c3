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

    /// <summary>Hashes every cached file of a lock; files that are damaged are removed, so that the next fetch brings them anew.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The packages whose files were damaged.</returns>
    IReadOnlyList<LockedDebianPackage> RemoveDamaged(RecipeLock locked, CancellationToken cancellation);
}
