using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Pushing;

namespace Torchyard.Registry.Referrers;

/// <summary>Sends what the store has attached to an image, such as its bill of materials and its lock, after the image.</summary>
/// <param name="paths">The store.</param>
/// <param name="connection">The registry.</param>
public sealed class AttachedPush(StorePaths paths, RegistryConnection connection)
{
    private readonly OciLayout _layout = new(paths);

    /// <summary>Sends all of it.</summary>
    /// <param name="image">Manifest of the image, which the registry has.</param>
    /// <param name="repository">Where.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Number of artifacts that the registry has now.</returns>
    /// <exception cref="TorchyardException">TY6002 to TY6011: the registry does not take them.</exception>
    public async Task<int> RunAsync(Digest image, string repository, CancellationToken cancellation)
    {
        var artifacts = StoredReferrers.Of(_layout, image);
        var manifests = new ManifestClient(connection, repository);
        var upload = new BlobUpload(connection, repository, _layout);
        var unlisted = new List<OciDescriptor>();
        foreach (var artifact in artifacts)
        {
            var content = _layout.ReadDocument(artifact.Digest);
            var manifest = OciJson.Deserialize<OciManifest>(content, $"manifest {artifact.Digest}");
            foreach (var blob in manifest.Layers.Append(manifest.Config).DistinctBy(blob => blob.Digest))
            {
                if (!await upload.IsThereAsync(blob, cancellation))
                {
                    await upload.SendAsync(blob, SilentProgress.Instance, cancellation);
                }
            }

            var put = await manifests.PutAsync(artifact.Digest.ToString(), content, MediaTypes.Manifest, cancellation);
            if (!put.ListsSubject)
            {
                unlisted.Add(artifact);
            }
        }

        if (unlisted.Count > 0)
        {
            await new ReferrersClient(connection, repository).AddToFallbackAsync(image, unlisted, cancellation);
        }

        return artifacts.Count;
    }
}
