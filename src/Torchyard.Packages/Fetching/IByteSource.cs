using Torchyard.Platform.Http;

namespace Torchyard.Packages.Fetching;

/// <summary>Opens the addresses of one kind of source, with its proxies, logins and rules.</summary>
internal interface IByteSource
{
    /// <summary>Opens an address for reading. One try.</summary>
    /// <param name="address">The address.</param>
    /// <param name="offset">First byte wanted.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="last">Last byte wanted, so that the connection can be used again behind it; null for all that follows.</param>
    /// <exception cref="HttpFailureException">The address has nothing to give, now or at all.</exception>
    Task<OpenSource> OpenAsync(Uri address, long offset, CancellationToken cancellation, long? last = null);
}
