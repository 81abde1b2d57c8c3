using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Debian.Fetching;

/// <summary>
/// Gives the verified file of each locked package as soon as it is in the cache, so that unpacking starts while others still download.
/// </summary>
public interface IPackageFetcher
{
    /// <summary>
    /// Gets the beginnings of packages that the cache lacks, so that what is decided by all of them is decided before all of them are
    /// there. What came is not fetched again by <see cref="Fetch"/>.
    /// </summary>
    /// <param name="locked">The lock.</param>
    /// <param name="packages">Packages of the lock.</param>
    /// <param name="needed">From the bytes that are there: how many it takes, or null when these are not the beginning of a
    /// package.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What is there; without those whose beginning cannot be had alone.</returns>
    Task<IReadOnlyDictionary<LockedDebianPackage, PackageStart>> FetchStartsAsync(
        RecipeLock locked,
        IReadOnlyList<LockedDebianPackage> packages,
        Func<ReadOnlyMemory<byte>, long?> needed,
        CancellationToken cancellation
    ) => Task.FromResult<IReadOnlyDictionary<LockedDebianPackage, PackageStart>>(new Dictionary<LockedDebianPackage, PackageStart>());

    /// <summary>Starts fetching all packages, most urgent first.</summary>
    /// <param name="locked">The lock; order of <paramref name="packages"/> is the order of urgency.</param>
    /// <param name="packages">Packages of the lock to fetch.</param>
    /// <param name="cancellation">Ends all downloads; partial files stay for the next try.</param>
    /// <returns>For each package the path of a file whose SHA-256 was checked. A task fails with TY2xxx when no source has the right
    /// bytes.</returns>
    IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(
        RecipeLock locked,
        IReadOnlyList<LockedDebianPackage> packages,
        CancellationToken cancellation
    );
}
