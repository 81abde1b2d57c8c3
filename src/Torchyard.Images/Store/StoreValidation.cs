using System.Security.Cryptography;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Streams;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Store;

/// <summary>Recomputes what a store says of itself.</summary>
internal static class StoreValidation
{
    internal static IReadOnlyList<StoreProblem> Run(
        StorePaths paths,
        OciLayout layout,
        IProgressSink progress,
        CancellationToken cancellation
    )
    {
        var problems = new List<StoreProblem>();
        var blobs = layout.Blobs().ToList();
        using var task = progress.Begin("Checking the store", blobs.Sum(blob => new FileInfo(layout.BlobPath(blob)).Length));
        var damaged = new HashSet<Digest>();
        foreach (var blob in blobs)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!IsGood(layout, blob))
            {
                damaged.Add(blob);
                problems.Add(new StoreProblem(StoreProblemKind.Blob, blob, $"blob {blob} has other content than its name says"));
            }

            task.Advance(new FileInfo(layout.BlobPath(blob)).Length);
        }

        var index = layout.LoadIndex();
        if (index.Damage is { } damage)
        {
            problems.Add(new StoreProblem(StoreProblemKind.Index, null, $"index.json of the layout {damage}"));
        }

        if (layout.VersionDamage is { } version)
        {
            problems.Add(new StoreProblem(StoreProblemKind.Index, null, $"the file oci-layout {version}"));
        }

        problems.AddRange(
            BuildRecords
                .Damaged(paths)
                .Select(record => new StoreProblem(StoreProblemKind.Record, null, $"the build record {record.Path} {record.Problem}")
                {
                    Path = record.Path,
                })
        );
        var walk = new Walk(paths, layout, damaged, problems, cancellation);
        foreach (var entry in index.IsLost ? layout.Manifests() : index.Index.Manifests)
        {
            walk.Check(entry);
        }

        problems.AddRange(
            SealedDirectory
                .Damaged(paths)
                .Select(place => new StoreProblem(
                    StoreProblemKind.SealedDirectory,
                    null,
                    $"{place} has other content than it was made with"
                )
                {
                    Path = place,
                })
        );
        task.Done($"{Count.Of(blobs.Count, "blob")}, {Count.Of(problems.Count, "problem")}");
        return problems;
    }

    /// <summary>True when a blob is there with the content that its name says.</summary>
    internal static bool IsGood(OciLayout layout, Digest blob)
    {
        try
        {
            using var file = RegularFile.TryOpen(layout.BlobPath(blob));
            return file is not null && Digest.FromHash(SHA256.HashData(file)) == blob;
        }
        catch (TorchyardException)
        {
            return false; // Not a file.
        }
    }

    /// <summary>Digest of a mounted layer as a tar: what it was when it was made or extracted.</summary>
    internal static Digest DiffIdOf(string directory) =>
        LayerPacker.DiffIdOf(OverlayTree.List(directory, long.MaxValue, long.MaxValue), directory);

    /// <summary>
    /// True when a mounted layer is what a diff id names. Layers of wheels have their directories before all files, other layers are in
    /// path order.
    /// </summary>
    internal static bool IsMountedAs(Digest diffId, string directory)
    {
        var entries = OverlayTree.List(directory, long.MaxValue, long.MaxValue);
        return LayerPacker.DiffIdOf(entries, directory) == diffId
            || LayerPacker.DiffIdOf([.. entries.OrderBy(entry => entry.Entry.Kind != TarKind.Directory)], directory) == diffId;
    }

    /// <summary>The way from index.json to everything that it leads to; each blob and layer once.</summary>
    private sealed class Walk(
        StorePaths paths,
        OciLayout layout,
        IReadOnlySet<Digest> damaged,
        List<StoreProblem> problems,
        CancellationToken cancellation
    )
    {
        private readonly HashSet<Digest> _checkedLayers = [];
        private readonly Lazy<HashSet<Digest>> _own = new(() => [.. BuildRecords.PackedLayers(paths)]);

        internal void Check(OciDescriptor entry, int level = 0)
        {
            try
            {
                CheckEntry(entry, level);
            }
            catch (TorchyardException failure) when (!damaged.Contains(entry.Digest))
            {
                Add(entry.Digest, $"index entry {entry.Digest}: {failure.Message}");
            }
            catch (TorchyardException)
            {
                // Its own content is damaged, which was said already.
            }
        }

        private void CheckEntry(OciDescriptor entry, int level)
        {
            if (!Has(entry, "index.json"))
            {
                return;
            }

            if (entry.MediaType == MediaTypes.Index)
            {
                foreach (var inner in OciJson.Deserialize<OciIndex>(layout.ReadDocument(entry.Digest), $"index {entry.Digest}").Manifests)
                {
                    if (level == OciIndex.MostLevels)
                    {
                        throw ImageErrors.BadDocument($"index {entry.Digest}", "it stands in too many others");
                    }

                    Check(inner, level + 1);
                }

                return;
            }

            var manifest = OciJson.Deserialize<OciManifest>(layout.ReadDocument(entry.Digest), $"manifest {entry.Digest}");
            // Every blob is looked at, so that all that is missing is told.
            var missing = manifest.Layers.Append(manifest.Config).Where(blob => !Has(blob, $"manifest {entry.Digest}")).ToList();
            if (missing.Count > 0 || damaged.Contains(manifest.Config.Digest) || manifest.Config.MediaType != MediaTypes.Config)
            {
                return;
            }

            var configuration = OciJson.Deserialize<OciImageConfiguration>(
                layout.ReadDocument(manifest.Config.Digest),
                $"configuration {manifest.Config.Digest}"
            );
            foreach (var (layer, text) in manifest.Layers.Zip(configuration.Rootfs.DiffIds))
            {
                cancellation.ThrowIfCancellationRequested();
                if (Digest.TryParse(text, out var diffId) && _checkedLayers.Add(diffId))
                {
                    CheckLayer(layer, diffId);
                }
            }
        }

        private bool Has(OciDescriptor blob, string where)
        {
            if (layout.HasBlob(blob.Digest, blob.Size))
            {
                return true;
            }

            Add(blob.Digest, $"{blob.Digest}, which {where} names, is missing or has another size");
            return false;
        }

        private void CheckLayer(OciDescriptor layer, Digest diffId)
        {
            var mounted = Path.Combine(paths.Layers, diffId.Hex);
            var isMounted = Directory.Exists(mounted);
            if (!damaged.Contains(layer.Digest))
            {
                try
                {
                    var (content, difference) = Read(layer, isMounted ? mounted : null);
                    if (content == diffId)
                    {
                        if (difference is not null)
                        {
                            problems.Add(
                                new StoreProblem(
                                    StoreProblemKind.MountedLayer,
                                    diffId,
                                    $"the mounted form of layer {diffId} was changed at {difference}: {mounted}"
                                )
                            );
                        }

                        return;
                    }

                    Add(layer.Digest, $"layer {layer.Digest} unpacks to something else than its diff id {diffId}");
                }
                catch (Exception failure) when (failure is InvalidDataException or TarFormatException)
                {
                    Add(layer.Digest, $"layer {layer.Digest} cannot be unpacked: {failure.Message}");
                }
            }

            // Without the blob, only a layer that was packed here can be compared: packed again it is the same.
            if (isMounted && _own.Value.Contains(diffId) && !IsMountedAs(mounted, diffId))
            {
                problems.Add(
                    new StoreProblem(StoreProblemKind.MountedLayer, diffId, $"the mounted form of layer {diffId} was changed: {mounted}")
                );
            }
        }

        /// <summary>Reads a layer once: digest of its tar, and where a mounted form differs from it.</summary>
        private (Digest Content, string? Difference) Read(OciDescriptor layer, string? mounted)
        {
            using var hash = new HashingStream(Stream.Null);
            using var file = File.OpenRead(layout.BlobPath(layer.Digest));
            using var tar = new CopyingReadStream(Decompression.Open(file, LayerExtractor.FormatOf(layer.MediaType)), hash);
            string? difference = null;
            if (mounted is not null)
            {
                try
                {
                    difference = LayerComparison.FirstDifference(tar, mounted, $"layer {layer.Digest}", cancellation);
                }
                catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
                {
                    difference = $"/ ({failure.Message})";
                }
            }

            tar.CopyTo(Stream.Null);
            return (hash.Finish(), difference);
        }

        private static bool IsMountedAs(string mounted, Digest diffId)
        {
            try
            {
                return StoreValidation.IsMountedAs(diffId, mounted);
            }
            catch (Exception failure) when (failure is TorchyardException or IOException or UnsafePathException)
            {
                // What no layer can express, or cannot be read, is not what was made.
                return false;
            }
        }

        private void Add(Digest blob, string text) => problems.Add(new StoreProblem(StoreProblemKind.Blob, blob, text));
    }
}
