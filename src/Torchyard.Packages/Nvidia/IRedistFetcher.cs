using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Nvidia;

/// <summary>Gives the verified archive of what a lock has from one of NVIDIA's redistributable indexes.</summary>
public interface IRedistFetcher
{
    /// <summary>Gets the archive, fetching it if need be.</summary>
    /// <param name="locked">What the lock says of it.</param>
    /// <param name="cancellation">Ends it; the part that came stays for the next try.</param>
    /// <returns>Path of a file whose SHA-256 was checked when it came.</returns>
    Task<string> FetchAsync(LockedRedist locked, CancellationToken cancellation);
}
