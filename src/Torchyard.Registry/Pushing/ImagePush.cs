using System.Collections.Concurrent;
using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Pushing;

/// <summary>Sends an image of the store to a registry: its blobs, then its manifest, which names it.</summary>
/// <param name="paths">The store, which the caller keeps from being pruned.</param>
/// <param name="connection">The registry.</param>
/// <param name="progress">Told of the work.</param>
public sealed class ImagePush(StorePaths paths, RegistryConnection connection, IProgressSink progress)
{
    private readonly OciLayout _layout = new(paths);

    /// <summary>Pushes an image.</summary>
    /// <param name="image">Which.</param>
    /// <param name="reference">Under which name.</param>
    /// <param name="cancellation">Ends it; layers that were sent stay there.</param>
    /// <exception cref="TorchyardException">TY6002 to TY6011; TY3008, TY3009: the store's image is damaged.</exception>
    public async Task<PushedImage> RunAsync(StoredImage image, ImageReference reference, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(reference);
        var content = _layout.ReadDocument(image.Manifest);
        var manifest = OciJson.Deserialize<OciManifest>(content, $"manifest {image.Manifest}");
        var blobs = manifest.Layers.Append(manifest.Config).DistinctBy(blob => blob.Digest).ToList();
        foreach (var blob in blobs.Where(blob => !_layout.HasBlob(blob.Digest, blob.Size)))
        {
            throw ImageErrors.MissingBlob(blob.Digest.ToString());
        }

        var upload = new BlobUpload(connection, reference.Repository, _layout);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = connection.Settings.BlobsAtOnce, CancellationToken = cancellation };
        var missing = new ConcurrentBag<OciDescriptor>();
        await Parallel.ForEachAsync(blobs, parallel, async (blob, stop) =>
        {
            if (!await upload.IsThereAsync(blob, stop))
            {
                missing.Add(blob);
            }
        });
        await SendAsync(upload, [.. missing.OrderByDescending(blob => blob.Size)], reference, parallel);
        await new ManifestClient(connection, reference.Repository).PutAsync(reference.Wanted, content, MediaTypes.Manifest, cancellation);
        return new PushedImage(image.Manifest)
        {
            Sent = missing.Count,
            Bytes = missing.Sum(blob => blob.Size),
            There = blobs.Count - missing.Count,
        };
    }

    private async Task SendAsync(
        BlobUpload upload,
        IReadOnlyList<OciDescriptor> missing,
        ImageReference reference,
        ParallelOptions parallel
    )
    {
        if (missing.Count == 0)
        {
            return;
        }

        using var task = progress.Begin($"Pushing {reference}", missing.Sum(blob => blob.Size));
        await Parallel.ForEachAsync(missing, parallel, async (blob, stop) => await upload.SendAsync(blob, task, stop));
        task.Done($"{Count.Of(missing.Count, "blob")}, {ByteSize.Decimal(missing.Sum(blob => blob.Size))}");
    }
}
