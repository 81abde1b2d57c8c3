using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Errors;
using Torchyard.Registry.Pulling;
using Torchyard.Registry.References;
using Torchyard.Registry.Referrers;

namespace Torchyard.Registry.Copying;

/// <summary>An image of a registry.</summary>
internal sealed class RegistrySource(RegistryConnection connection, ImageReference reference) : IImageSource
{
    private readonly ManifestClient _manifests = new(connection, reference.AskedRepository);
    private readonly BlobSource _blobs = new(connection, reference.AskedRepository);

    /// <summary>The registry.</summary>
    public RegistryConnection Connection => connection;

    public string Name => reference.ToString();

    public (string Registry, string Repository)? Repository => (connection.Registry, reference.AskedRepository);

    public Task<FetchedManifest> NamedAsync(CancellationToken cancellation) => _manifests.GetAsync(reference.Wanted, cancellation);

    public Task<FetchedManifest?> TryManifestAsync(Digest digest, CancellationToken cancellation) =>
        _manifests.TryGetAsync(digest.ToString(), cancellation);

    public Task<FetchedManifest?> TryTagAsync(string tag, CancellationToken cancellation) => _manifests.TryGetAsync(tag, cancellation);

    public Task<IReadOnlyList<OciDescriptor>> ReferrersAsync(Digest subject, CancellationToken cancellation) =>
        new ReferrersClient(connection, reference.AskedRepository).ListAsync(subject, cancellation);

    public Stream Open(OciDescriptor blob, long from) =>
        from > 0
            ? new ResumedStream(_blobs, blob, from)
            : new VerifiedStream(
                () => new ResumedStream(_blobs, blob, 0),
                blob,
                why => RegistryErrors.WrongContent(connection.Registry, BlobSource.Named(blob), why)
            );

    public void Dispose() => connection.Dispose();
}
