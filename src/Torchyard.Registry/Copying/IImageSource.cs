using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Registry.Documents;

namespace Torchyard.Registry.Copying;

/// <summary>Where an image is copied from.</summary>
internal interface IImageSource : IDisposable
{
    /// <summary>What people call it.</summary>
    string Name { get; }

    /// <summary>The image or index that was named.</summary>
    Task<FetchedManifest> NamedAsync(CancellationToken cancellation);

    /// <summary>A manifest that another one names; null without it.</summary>
    Task<FetchedManifest?> TryManifestAsync(Digest digest, CancellationToken cancellation);

    /// <summary>What stands under a tag; null for nothing.</summary>
    Task<FetchedManifest?> TryTagAsync(string tag, CancellationToken cancellation);

    /// <summary>What is attached to a manifest.</summary>
    Task<IReadOnlyList<OciDescriptor>> ReferrersAsync(Digest subject, CancellationToken cancellation);

    /// <summary>
    /// A blob from some byte on; opened with the first read. Read from its first byte to its last, it is what its digest says, or the
    /// last read fails.
    /// </summary>
    Stream Open(OciDescriptor blob, long from);

    /// <summary>A repository that has the blobs, for a target in the same registry; null elsewhere.</summary>
    (string Registry, string Repository)? Repository => null;
}
