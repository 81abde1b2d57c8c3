using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Pushing;
using Torchyard.Registry.References;
using Torchyard.Registry.Referrers;

namespace Torchyard.Registry.Copying;

/// <summary>A repository of a registry that gets an image.</summary>
internal sealed class RegistryTarget(RegistryConnection connection, ImageReference reference) : IImageTarget
{
    private readonly ManifestClient _manifests = new(connection, reference.Repository);
    private readonly HashSet<Digest> _listed = [];

    public bool IsParallel => true;

    public bool TakesDocker => true;

    public bool TakesIndexes => true;

    public async Task<bool> HasAsync(OciDescriptor blob, IImageSource source, CancellationToken cancellation)
    {
        var upload = Upload(source);
        return await upload.IsThereAsync(blob, cancellation)
            || source.Repository is var (registry, repository)
                && registry == connection.Registry
                && repository != reference.Repository
                && await upload.MountAsync(blob, repository, cancellation);
    }

    public Task WriteAsync(OciDescriptor blob, IImageSource source, IProgressTask progress, CancellationToken cancellation) =>
        Upload(source).SendAsync(blob, progress, cancellation);

    public async Task WriteManifestAsync(FetchedManifest manifest, CancellationToken cancellation)
    {
        var put = await _manifests.PutAsync(manifest.Digest.ToString(), manifest.Content, manifest.MediaType, cancellation);
        if (put.ListsSubject)
        {
            _listed.Add(manifest.Digest);
        }
    }

    public Task TagAsync(FetchedManifest manifest, string tag, CancellationToken cancellation) =>
        _manifests.PutAsync(tag, manifest.Content, manifest.MediaType, cancellation);

    public async Task AttachAsync(Digest subject, IReadOnlyList<OciDescriptor> artifacts, CancellationToken cancellation)
    {
        var unlisted = artifacts.Where(artifact => !_listed.Contains(artifact.Digest)).ToList();
        if (unlisted.Count > 0)
        {
            await new ReferrersClient(connection, reference.Repository).AddToFallbackAsync(subject, unlisted, cancellation);
        }
    }

    public Task CommitAsync(FetchedManifest named, CancellationToken cancellation) => TagAsync(named, reference.Wanted, cancellation);

    public void Dispose() => connection.Dispose();

    private BlobUpload Upload(IImageSource source) => new(connection, reference.Repository, source.Open);
}
