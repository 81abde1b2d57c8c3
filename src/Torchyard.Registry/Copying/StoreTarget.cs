using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Documents;

namespace Torchyard.Registry.Copying;

/// <summary>The store of this program, which has images for one machine each.</summary>
internal sealed class StoreTarget : IImageTarget
{
    private readonly StorePaths _paths;
    private readonly string _name;
    private readonly LayoutTarget _layout;

    /// <summary>Prepares the store, once, before several blobs come to it at the same time.</summary>
    /// <param name="paths">The store, which the caller keeps from being pruned.</param>
    /// <param name="name">What the image is called there.</param>
    public StoreTarget(StorePaths paths, string name)
    {
        (_paths, _name) = (paths, name);
        new OciLayout(paths).Initialise();
        _layout = new LayoutTarget(paths.Oci, null);
    }

    public bool IsParallel => true;

    public bool TakesDocker => false;

    public bool TakesIndexes => false;

    public Task<bool> HasAsync(OciDescriptor blob, IImageSource source, CancellationToken cancellation) =>
        _layout.HasAsync(blob, source, cancellation);

    public Task WriteAsync(OciDescriptor blob, IImageSource source, IProgressTask progress, CancellationToken cancellation) =>
        _layout.WriteAsync(blob, source, progress, cancellation);

    public Task WriteManifestAsync(FetchedManifest manifest, CancellationToken cancellation) =>
        _layout.WriteManifestAsync(manifest, cancellation);

    public Task TagAsync(FetchedManifest manifest, string tag, CancellationToken cancellation) => Task.CompletedTask;

    public Task AttachAsync(Digest subject, IReadOnlyList<OciDescriptor> artifacts, CancellationToken cancellation) => Task.CompletedTask;

    public Task CommitAsync(FetchedManifest named, CancellationToken cancellation)
    {
        // What it could not start from must not get a name.
        _ = ManifestReader.Read(named, "the source", _name);
        return new ImageStore(_paths).NameAsync(named.Digest, _name, cancellation);
    }

    public void Dispose() => _layout.Dispose();
}
