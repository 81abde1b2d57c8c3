using Torchyard.Images.Files;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Images.Timings;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Layers;

/// <summary>Makes the blob of a layer: tar, hash, compress on all cores, hash again, in one pass.</summary>
internal static class LayerPacker
{
    /// <summary>Packs entries whose content lies below a directory; the blob appears in the layout by rename.</summary>
    internal static PackedLayer Pack(
        List<LayerEntry> entries,
        RootDirectory content,
        OciLayout layout,
        ImageSettings settings,
        CancellationToken cancellation,
        BuildTimings? timings = null,
        string what = ""
    )
    {
        var began = timings?.Now ?? default;
        var cpu = ProcessorTime.OfThread();
        var format = settings.Compression == LayerCompression.Gzip ? CompressionFormat.Gzip : CompressionFormat.Zstd;
        using var blob = layout.BeginBlob();
        using var tarHash = new HashingStream(Stream.Null);
        long tarSize;
        using (var compressed = new FrameCompressionStream(blob, format, settings.Level, leaveOpen: true))
        {
            using var tee = new TeeStream(tarHash, compressed);
            var writer = new TarLayerWriter(tee);
            foreach (var (entry, path) in entries)
            {
                cancellation.ThrowIfCancellationRequested();
                if (path is null || entry.Size == 0)
                {
                    writer.Write(entry);
                }
                else
                {
                    using var file = content.OpenFile(path);
                    writer.Write(entry, file);
                }
            }

            writer.Complete();
            compressed.Complete();
            tarSize = tarHash.Count;
            timings?.Add(BuildWork.Compress, what, began, compressed.CompressionTime);
            // What this thread compressed itself is counted there; what the stream's own thread wrote, here.
            cpu += compressed.OwnCompressionTime - compressed.WritingTime;
        }

        var (digest, size) = blob.Commit();
        timings?.Add(BuildWork.Pack, what, began, ProcessorTime.OfThread() - cpu);
        return new PackedLayer
        {
            DiffId = tarHash.Finish(),
            Blob = digest,
            Size = size,
            UncompressedSize = tarSize,
            MediaType = format == CompressionFormat.Gzip ? MediaTypes.LayerGzip : MediaTypes.LayerZstd,
        };
    }

    /// <summary>Digest of the tar that entries and their content below a directory make.</summary>
    internal static Digest DiffIdOf(List<LayerEntry> entries, string directory)
    {
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

    private sealed class TeeStream(Stream one, Stream other) : ForwardWriteStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            one.Write(buffer);
            other.Write(buffer);
        }
    }
}
