using Torchyard.Platform.Digests;

namespace Torchyard.Packages.Fetching;

/// <summary>A file in the cache, checked.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Sha256">Its hash.</param>
internal readonly record struct CachedDownload(string Path, Digest Sha256);
