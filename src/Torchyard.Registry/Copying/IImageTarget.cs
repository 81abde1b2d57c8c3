using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Documents;

namespace Torchyard.Registry.Copying;

/// <summary>Where an image is copied to.</summary>
internal interface IImageTarget : IDisposable
{
    /// <summary>True when several blobs may come at once.</summary>
    bool IsParallel { get; }

    /// <summary>True when docker's documents may stay as they are.</summary>
    bool TakesDocker { get; }

    /// <summary>True when indexes may come, with several images.</summary>
    bool TakesIndexes { get; }

    /// <summary>True when it has a blob, or takes it from elsewhere by itself.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="source">Where else it is.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<bool> HasAsync(OciDescriptor blob, IImageSource source, CancellationToken cancellation);

    /// <summary>Writes a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="source">Where it is.</param>
    /// <param name="progress">Told of its bytes.</param>
    /// <param name="cancellation">Ends it.</param>
    Task WriteAsync(OciDescriptor blob, IImageSource source, IProgressTask progress, CancellationToken cancellation);

    /// <summary>Writes a manifest whose blobs are there.</summary>
    Task WriteManifestAsync(FetchedManifest manifest, CancellationToken cancellation);

    /// <summary>Gives a tag beside the image's own to a manifest that was written: that of a signature.</summary>
    Task TagAsync(FetchedManifest manifest, string tag, CancellationToken cancellation);

    /// <summary>Lists manifests that were written as attached to another.</summary>
    Task AttachAsync(Digest subject, IReadOnlyList<OciDescriptor> artifacts, CancellationToken cancellation);

    /// <summary>Gives the image its name; it is all there.</summary>
    Task CommitAsync(FetchedManifest named, CancellationToken cancellation);
}
