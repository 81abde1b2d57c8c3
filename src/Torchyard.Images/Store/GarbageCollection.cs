using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;

namespace Torchyard.Images.Store;

/// <summary>Deletes what no image needs. The caller holds the store alone.</summary>
internal static class GarbageCollection
{
    internal static PruneResult Collect(
        StorePaths paths,
        OciLayout layout,
        IReadOnlySet<Digest> inUse,
        string? unknownUser,
        IProgressSink progress
    )
    {
        var marks = new Marks(layout);
        foreach (var entry in layout.ReadIndex().Manifests)
        {
            marks.Add(entry.Digest, entry.MediaType);
        }

        foreach (var manifest in inUse)
        {
            marks.Add(manifest, MediaTypes.Manifest);
        }

        var unknown = marks.Unknown;
        if (unknownUser is not null)
        {
            progress.Warn(
                $"no blob and no layer was deleted: the record of {unknownUser} is lost, so any image may be the one it uses; "
                    + "remove it with 'torchyard rm --force', then prune again"
            );
        }
        else if (unknown is { } image)
        {
            progress.Warn(
                $"no blob and no layer was deleted: image {image} is damaged, so nobody knows what it needs; "
                    + "'torchyard check --repair' repairs it, or 'torchyard rmi' removes it, then prune again"
            );
        }

        var (count, bytes, layers) = unknownUser is null && unknown is null ? Delete(paths, layout, marks) : (0, 0L, 0);
        BuildDirectory.RemoveLeftovers(paths);
        return new PruneResult(count, layers, bytes);
    }

    private static (int Blobs, long Bytes, int Layers) Delete(StorePaths paths, OciLayout layout, Marks marks)
    {
        var (count, bytes) = (0, 0L);
        foreach (var blob in layout.Blobs().Where(blob => !marks.Blobs.Contains(blob)).ToList())
        {
            var file = new FileInfo(layout.BlobPath(blob));
            bytes += file.Length;
            count++;
            file.Delete();
        }

        var layers = 0;
        foreach (var directory in Directory.Exists(paths.Layers) ? Directory.GetDirectories(paths.Layers) : [])
        {
            if (!marks.DiffIds.Contains(Path.GetFileName(directory)))
            {
                // Out of its name first: a deletion that is cut short must not leave half a layer that looks whole.
                var doomed = Path.Combine(paths.Temporary, "removed-" + Guid.NewGuid().ToString("N"));
                StoreDirectory.Create(paths.Temporary, StoreDirectory.OwnerOnly);
                Directory.Move(directory, doomed);
                layers++;
            }
        }

        return (count, bytes, layers);
    }

    /// <summary>What images need.</summary>
    private sealed class Marks(OciLayout layout)
    {
        /// <summary>Blobs.</summary>
        public HashSet<Digest> Blobs { get; } = [];

        /// <summary>Mounted layers.</summary>
        public HashSet<string> DiffIds { get; } = new(StringComparer.Ordinal);

        /// <summary>A document whose content is not what it was: what it needs is not known.</summary>
        public Digest? Unknown { get; private set; }

        public void Add(Digest digest, string mediaType, int level = 0)
        {
            if (!File.Exists(layout.BlobPath(digest)) || !Blobs.Add(digest))
            {
                return;
            }

            if (mediaType == MediaTypes.Index)
            {
                foreach (var entry in Read<OciIndex>(digest)?.Manifests ?? [])
                {
                    if (level < OciIndex.MostLevels)
                    {
                        Add(entry.Digest, entry.MediaType, level + 1);
                    }
                }

                return;
            }

            if (Read<OciManifest>(digest) is not { } manifest)
            {
                return;
            }

            Blobs.Add(manifest.Config.Digest);
            Blobs.UnionWith(manifest.Layers.Select(layer => layer.Digest));
            if (manifest.Config.MediaType == MediaTypes.Config && File.Exists(layout.BlobPath(manifest.Config.Digest)))
            {
                var configuration = Read<OciImageConfiguration>(manifest.Config.Digest);
                DiffIds.UnionWith(
                    (configuration?.Rootfs.DiffIds ?? []).Where(text => Digest.TryParse(text, out _)).Select(text => Digest.Parse(text).Hex)
                );
                // What it is built on has layers that it can be made again from, also when it has no name any more.
                if (
                    Digest.TryParse(configuration?.Config?.Labels?.GetValueOrDefault(ImageText.BaseDigestLabel) ?? "", out var under)
                    && level < OciIndex.MostLevels
                )
                {
                    Add(under, MediaTypes.Manifest, level + 1);
                }
            }
        }

        // A document that is just what its digest says and still no document never was an image: it needs nothing.
        private T? Read<T>(Digest digest)
            where T : class
        {
            try
            {
                return OciJson.TryDeserialize<T>(layout.ReadDocument(digest)).Value;
            }
            catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
            {
                Unknown ??= digest;
                return null;
            }
        }
    }
}
