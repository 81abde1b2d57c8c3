using Torchyard.Platform;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Oci;

/// <summary>Deletes what no image needs. The caller holds the store alone.</summary>
internal static class GarbageCollection
{
    internal static PruneResult Collect(StorePaths paths, OciLayout layout, IReadOnlySet<Digest> inUse)
    {
        var blobs = new HashSet<Digest>();
        var diffIds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in layout.ReadIndex().Manifests)
        {
            Mark(layout, entry.Digest, entry.MediaType, blobs, diffIds);
        }

        foreach (var manifest in inUse)
        {
            Mark(layout, manifest, MediaTypes.Manifest, blobs, diffIds);
        }

        var (count, bytes) = (0, 0L);
        foreach (var blob in layout.Blobs().Where(blob => !blobs.Contains(blob)).ToList())
        {
            var file = new FileInfo(layout.BlobPath(blob));
            bytes += file.Length;
            count++;
            file.Delete();
        }

        var layers = 0;
        foreach (var directory in Directory.Exists(paths.Layers) ? Directory.GetDirectories(paths.Layers) : [])
        {
            if (!diffIds.Contains(Path.GetFileName(directory)))
            {
                // Out of its name first: a deletion that is cut short must not leave half a layer that looks whole.
                var doomed = Path.Combine(paths.Temporary, "removed-" + Guid.NewGuid().ToString("N"));
                Directory.CreateDirectory(paths.Temporary);
                Directory.Move(directory, doomed);
                layers++;
            }
        }

        foreach (var leftover in Directory.Exists(paths.Temporary) ? Directory.GetFileSystemEntries(paths.Temporary) : [])
        {
            var name = Path.GetFileName(leftover);
            if (name.StartsWith("removed-", StringComparison.Ordinal))
            {
                Directory.Delete(leftover, recursive: true);
            }
            else if (name.StartsWith("blob-", StringComparison.Ordinal))
            {
                File.Delete(leftover);
            }
        }

        BuildDirectory.RemoveAbandoned(paths);
        return new PruneResult(count, layers, bytes);
    }

    private static void Mark(OciLayout layout, Digest digest, string mediaType, HashSet<Digest> blobs, HashSet<string> diffIds)
    {
        if (!File.Exists(layout.BlobPath(digest)) || !blobs.Add(digest))
        {
            return;
        }

        if (mediaType == MediaTypes.Index)
        {
            foreach (var entry in OciJson.Deserialize<OciIndex>(layout.ReadDocument(digest), $"index {digest}").Manifests)
            {
                Mark(layout, entry.Digest, entry.MediaType, blobs, diffIds);
            }

            return;
        }

        var manifest = OciJson.Deserialize<OciManifest>(layout.ReadDocument(digest), $"manifest {digest}");
        blobs.Add(manifest.Config.Digest);
        blobs.UnionWith(manifest.Layers.Select(layer => layer.Digest));
        if (manifest.Config.MediaType == MediaTypes.Config && File.Exists(layout.BlobPath(manifest.Config.Digest)))
        {
            var configuration = OciJson.Deserialize<OciImageConfiguration>(layout.ReadDocument(manifest.Config.Digest), $"configuration {manifest.Config.Digest}");
            diffIds.UnionWith(configuration.Rootfs.DiffIds.Select(text => text["sha256:".Length..]));
        }
    }
}
