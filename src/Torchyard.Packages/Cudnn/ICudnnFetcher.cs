using Torchyard.Recipes;

namespace Torchyard.Packages.Cudnn;

/// <summary>Gives the verified archive of the cuDNN of a lock.</summary>
public interface ICudnnFetcher
{
    /// <summary>Gets the archive, fetching it if need be.</summary>
    /// <param name="cudnn">What the lock says of it.</param>
    /// <param name="cancellation">Ends it; the part that came stays for the next try.</param>
    /// <returns>Path of a file whose SHA-256 was checked when it came.</returns>
    Task<string> FetchAsync(LockedCudnn cudnn, CancellationToken cancellation);

    /// <summary>Hashes the cached archive and removes it when it is damaged.</summary>
    /// <param name="cudnn">What the lock says of it.</param>
    /// <returns>True when it was damaged.</returns>
    bool RemoveDamaged(LockedCudnn cudnn);
}
