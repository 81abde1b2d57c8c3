using Torchyard.Platform;

namespace Torchyard.Packages.Fetching;

/// <summary>A file to fetch, known by its hash.</summary>
/// <param name="Label">What it is, for people: <c>bash 5.2.37-2</c>.</param>
/// <param name="Sha256">Its hash.</param>
/// <param name="Size">Its size in bytes; not one byte more is read.</param>
/// <param name="Sources">Where it should be, best first.</param>
/// <param name="LateSources">Finds more places when all of these fail, or null.</param>
internal sealed record VerifiedDownload(
    string Label,
    Digest Sha256,
    long Size,
    IReadOnlyList<Uri> Sources,
    Func<CancellationToken, IAsyncEnumerable<Uri>>? LateSources = null);
