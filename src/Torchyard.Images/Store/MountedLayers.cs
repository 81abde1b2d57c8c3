using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;

namespace Torchyard.Images.Store;

/// <summary>
/// The mounted form of the layers of a store. A layer that was built here is there already; one that was pulled, or whose directory was
/// removed, is extracted from its blob, checked against both digests, and appears by rename.
/// </summary>
/// <param name="paths">The store.</param>
public sealed class MountedLayers(StorePaths paths) : IMountedLayers
{
    private readonly OciLayout _layout = new(paths);

    /// <summary>True when a layer of the image has to be extracted.</summary>
    public bool IsMissing(StoredImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return image.DiffIds.Any(layer => !Directory.Exists(PathOf(layer)));
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> EnsureAsync(StoredImage image, IProgressSink progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(progress);
        var missing = image
            .DiffIds.Zip(image.Layers)
            .Where(layer => !Directory.Exists(PathOf(layer.First)))
            .DistinctBy(layer => layer.First)
            .ToList();
        if (missing.Count > 0)
        {
            var manifest = new ImageStore(paths).ReadManifest(image.Manifest);
            var descriptors = manifest.Layers.DistinctBy(layer => layer.Digest).ToDictionary(layer => layer.Digest);
            using var task = progress.Begin("Extracting layers", missing.Sum(layer => descriptors[layer.Second].Size));
            await Parallel.ForEachAsync(
                missing,
                new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount },
                (layer, token) =>
                {
                    Extract(descriptors[layer.Second], layer.First, progress, token);
                    task.Advance(descriptors[layer.Second].Size);
                    return ValueTask.CompletedTask;
                }
            );
            task.Done();
        }

        return [.. image.DiffIds.Reverse().Select(PathOf)];
    }

    private string PathOf(Digest diffId) => Path.Combine(paths.Layers, diffId.Hex);

    private void Extract(OciDescriptor layer, Digest diffId, IProgressSink progress, CancellationToken cancellation)
    {
        using var work = BuildDirectory.Create(paths);
        var directory = Path.Combine(work.Path, "root");
        Directory.CreateDirectory(directory);
        using (var blob = RegularFile.TryOpen(_layout.BlobPath(layer.Digest)) ?? throw ImageErrors.MissingBlob(layer.Digest.ToString()))
        {
            // In a user namespace the kernel takes user.overlay attributes only (mount option userxattr).
            var digests = LayerExtractor.Extract(
                blob,
                layer.Size,
                LayerExtractor.FormatOf(layer.MediaType),
                directory,
                layer.Digest.ToString(),
                InUserNamespace(),
                cancellation
            );
            if (digests.Blob != layer.Digest)
            {
                throw ImageErrors.DamagedBlob(layer.Digest.ToString(), "its digest is another");
            }

            if (digests.DiffId != diffId)
            {
                throw ImageErrors.DamagedBlob(layer.Digest.ToString(), $"it unpacks to {digests.DiffId}, the image says {diffId}");
            }

            if (digests.LeftOut is [var first, ..])
            {
                var others = digests.LeftOut.Count - 1;
                progress.Note(
                    $"layer {layer.Digest.ToString()[..19]} has device nodes or fifos, which are left out: /{first}"
                        + (others > 0 ? $" and {others} more" : "")
                );
            }
        }

        StoreDirectory.Create(paths.Layers, StoreDirectory.OwnerOnly);
        try
        {
            Directory.Move(directory, PathOf(diffId));
        }
        catch (IOException) when (Directory.Exists(PathOf(diffId)))
        {
            // Another process was faster; both forms are the same.
        }
    }

    /// <summary>True when ids are mapped: the first line of uid_map is not the identity of the whole range.</summary>
    private static bool InUserNamespace()
    {
        var fields = File.ReadAllText("/proc/self/uid_map").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return UserCalls.EffectiveUser() != 0 || fields is not ["0", "0", "4294967295"];
    }
}
