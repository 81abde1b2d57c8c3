using System.Security.Cryptography;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Tar;
using Torchyard.Platform;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Oci;

/// <summary>Recomputes what a store says of itself.</summary>
internal static class StoreValidation
{
    internal static IReadOnlyList<string> Run(StorePaths paths, OciLayout layout, IProgressSink progress, CancellationToken cancellation)
    {
        var problems = new List<string>();
        var blobs = layout.Blobs().ToList();
        using var task = progress.Begin("Checking the store", blobs.Sum(blob => new FileInfo(layout.BlobPath(blob)).Length));
        foreach (var blob in blobs)
        {
            cancellation.ThrowIfCancellationRequested();
            using var file = File.OpenRead(layout.BlobPath(blob));
            if (Digest.FromHash(SHA256.HashData(file)) != blob)
            {
                problems.Add($"blob {blob} has other content than its name says");
            }

            task.Advance(file.Length);
        }

        var checkedLayers = new HashSet<Digest>();
        foreach (var entry in layout.ReadIndex().Manifests)
        {
            Collect(problems, $"index entry {entry.Digest}", () => CheckEntry(paths, layout, entry, checkedLayers, problems, cancellation));
        }

        task.Done($"{blobs.Count} blobs, {problems.Count} problems");
        return problems;
    }

    /// <summary>Digest of a mounted layer as a tar: what it was when it was made or extracted.</summary>
    internal static Digest DiffIdOf(string directory)
    {
        var entries = OverlayTree.List(directory, long.MaxValue, long.MaxValue);
        using var hash = new HashingStream(Stream.Null);
        using var content = RootDirectory.Open(directory);
        var writer = new TarLayerWriter(hash);
        foreach (var (entry, path) in entries)
        {
            if (path is null || entry.Size == 0)
            {
                writer.Write(entry);
                continue;
            }

            using var file = content.OpenFile(path);
            writer.Write(entry, file);
        }

        writer.Complete();
        return hash.Finish();
    }

    private static void CheckEntry(
        StorePaths paths, OciLayout layout, OciDescriptor entry, HashSet<Digest> checkedLayers, List<string> problems, CancellationToken cancellation)
    {
        if (!layout.HasBlob(entry.Digest, entry.Size))
        {
            problems.Add($"{entry.Digest}, which index.json names, is missing or has another size");
            return;
        }

        if (entry.MediaType == MediaTypes.Index)
        {
            foreach (var inner in OciJson.Deserialize<OciIndex>(layout.ReadDocument(entry.Digest), $"index {entry.Digest}").Manifests)
            {
                CheckEntry(paths, layout, inner, checkedLayers, problems, cancellation);
            }

            return;
        }

        var manifest = OciJson.Deserialize<OciManifest>(layout.ReadDocument(entry.Digest), $"manifest {entry.Digest}");
        foreach (var blob in manifest.Layers.Append(manifest.Config).Where(blob => !layout.HasBlob(blob.Digest, blob.Size)))
        {
            problems.Add($"{blob.Digest}, which manifest {entry.Digest} names, is missing or has another size");
        }

        if (manifest.Config.MediaType != MediaTypes.Config)
        {
            return;
        }

        var configuration = OciJson.Deserialize<OciImageConfiguration>(layout.ReadDocument(manifest.Config.Digest), $"configuration {manifest.Config.Digest}");
        foreach (var (layer, text) in manifest.Layers.Zip(configuration.Rootfs.DiffIds))
        {
            cancellation.ThrowIfCancellationRequested();
            if (!Digest.TryParse(text, out var diffId) || !checkedLayers.Add(diffId))
            {
                continue;
            }

            Collect(problems, $"layer {layer.Digest}", () => CheckLayer(paths, layout, layer, diffId, problems));
        }
    }

    private static void CheckLayer(StorePaths paths, OciLayout layout, OciDescriptor layer, Digest diffId, List<string> problems)
    {
        if (layout.HasBlob(layer.Digest, layer.Size))
        {
            using var file = File.OpenRead(layout.BlobPath(layer.Digest));
            using var decoded = Decompression.Open(file, LayerExtractor.FormatOf(layer.MediaType));
            if (Digest.FromHash(SHA256.HashData(decoded)) != diffId)
            {
                problems.Add($"layer {layer.Digest} unpacks to something else than its diff id {diffId}");
            }
        }

        var mounted = Path.Combine(paths.Layers, diffId.Hex);
        if (Directory.Exists(mounted) && DiffIdOf(mounted) != diffId)
        {
            problems.Add($"the mounted form of layer {diffId} was changed: {mounted}");
        }
    }

    private static void Collect(List<string> problems, string what, Action check)
    {
        try
        {
            check();
        }
        catch (Exception failure) when (failure is TorchyardException or InvalidDataException or IOException or UnsafePathException)
        {
            problems.Add($"{what}: {failure.Message}");
        }
    }
}
