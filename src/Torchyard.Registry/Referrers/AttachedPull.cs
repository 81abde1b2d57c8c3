using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Errors;
using Torchyard.Registry.Pulling;

namespace Torchyard.Registry.Referrers;

/// <summary>Fetches the bill of materials and the lock that are attached to an image of a registry.</summary>
/// <param name="paths">The store, which the caller keeps from being pruned.</param>
/// <param name="connection">The registry.</param>
public sealed class AttachedPull(StorePaths paths, RegistryConnection connection)
{
    // A lock of 2,000 packages has 1 MB, its bill of materials 3.
    private const long MostBytes = 64 << 20;
    private const int MostArtifacts = 16;

    private readonly OciLayout _layout = new(paths);

    /// <summary>Fetches them.</summary>
    /// <param name="image">Manifest of the image.</param>
    /// <param name="repository">Where it is.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>How many the store has now.</returns>
    /// <exception cref="TorchyardException">TY6002 to TY6011: the registry does not give them; TY3005: the disk is full.</exception>
    public async Task<int> RunAsync(Digest image, string repository, CancellationToken cancellation)
    {
        var manifests = new ManifestClient(connection, repository);
        using var buffers = new PartBuffers(connection.Settings.PartSize, 1);
        var download = new BlobDownload(new BlobSource(connection, repository), paths, buffers);
        var found = new List<OciDescriptor>();
        foreach (var entry in await new ReferrersClient(connection, repository).ListAsync(image, cancellation))
        {
            if (entry.ArtifactType is not (MediaTypes.Spdx or MediaTypes.Lock) || found.Count == MostArtifacts)
            {
                continue;
            }

            var fetched = await manifests.GetAsync(entry.Digest.ToString(), cancellation);
            var (manifest, problem) = OciJson.TryDeserialize<OciManifest>(fetched.Content);
            if (manifest is null || manifest.Subject?.Digest != image || fetched.Content.Length != entry.Size)
            {
                throw RegistryErrors.NotARegistry(
                    connection.Registry,
                    $"artifact {entry.Digest}",
                    RegistryErrors.Shown(problem ?? "it belongs to another image than its list says")
                );
            }

            var blobs = manifest.Layers.Append(manifest.Config).DistinctBy(blob => blob.Digest).ToList();
            if (blobs.Sum(blob => blob.Size) is > MostBytes and var bytes)
            {
                throw RegistryErrors.NotARegistry(connection.Registry, $"artifact {entry.Digest}", $"it has {ByteSize.Decimal(bytes)}");
            }

            foreach (var blob in blobs)
            {
                await download.FetchAsync(blob, SilentProgress.Instance, cancellation);
            }

            _layout.WriteDocument(fetched.Content, MediaTypes.Manifest);
            found.Add(entry);
        }

        await StoredReferrers.AddAsync(_layout, image, found, connection.Registry, cancellation);
        return found.Count;
    }
}
