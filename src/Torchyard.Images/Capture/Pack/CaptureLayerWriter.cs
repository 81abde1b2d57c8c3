using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Oci;
using Torchyard.Images.Python;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Capture.Pack;

/// <summary>
/// Writes a layer straight from the files of the machine, in one pass and with bounded memory: read, tar, hash on a thread of its own,
/// compress on all cores, hash again. The mounted form is made when the image is first run.
/// </summary>
/// <param name="layout">Gets the blob.</param>
/// <param name="settings">Compression.</param>
internal sealed class CaptureLayerWriter(OciLayout layout, ImageSettings settings)
{
    /// <summary>Writes the layer.</summary>
    /// <param name="entries">Its entries, sorted by name.</param>
    /// <param name="advance">Told of bytes that are done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY3005: no space; TY3034, TY3035: a file changed or cannot be read.</exception>
    public PackedLayer Write(IReadOnlyList<CaptureEntry> entries, Action<long> advance, CancellationToken cancellation)
    {
        var format = settings.Compression == LayerCompression.Gzip ? CompressionFormat.Gzip : CompressionFormat.Zstd;
        using var blob = layout.BeginBlob();
        using var hash = new BackgroundHash();
        using (var compressed = new FrameCompressionStream(blob, format, settings.Level, leaveOpen: true))
        {
            using (var tee = new HashedTee(hash, compressed))
            {
                var writer = new TarLayerWriter(tee);
                foreach (var entry in entries)
                {
                    cancellation.ThrowIfCancellationRequested();
                    WriteEntry(writer, entry, advance, cancellation);
                }

                writer.Complete();
            }

            compressed.Complete();
        }

        var size = hash.Count;
        var diffId = hash.Finish();
        var (digest, blobSize) = blob.Commit();
        return new PackedLayer
        {
            DiffId = diffId,
            Blob = digest,
            Size = blobSize,
            UncompressedSize = size,
            MediaType = format == CompressionFormat.Gzip ? MediaTypes.LayerGzip : MediaTypes.LayerZstd,
        };
    }

    private static void WriteEntry(TarLayerWriter writer, CaptureEntry entry, Action<long> advance, CancellationToken cancellation)
    {
        if (entry.Entry.Size == 0)
        {
            writer.Write(entry.Entry);
        }
        else if (entry.Content is { } content)
        {
            writer.Write(entry.Entry, new MemoryStream(content.ToArray(), writable: false));
        }
        else
        {
            using var file = Open(entry);
            RequireUnchanged(file, entry);
            using var source = new AdvancingStream(new FileStream(file, FileAccess.Read, bufferSize: 0), advance, cancellation);
            try
            {
                writer.Write(entry.Entry, source);
            }
            catch (InvalidDataException)
            {
                throw CaptureErrors.Changed(entry.Source!);
            }

            RequireUnchanged(file, entry);
        }
    }

    /// <summary>
    /// What was opened is what was looked at, and still as it was: its path may lead elsewhere for a moment, through a link.
    /// </summary>
    private static void RequireUnchanged(SafeFileHandle file, CaptureEntry entry)
    {
        if (!StatusCalls.TryRead(file, out var stat) || FileStamp.Of(stat) != entry.Stamp)
        {
            throw CaptureErrors.Changed(entry.Source!);
        }
    }

    private static SafeFileHandle Open(CaptureEntry entry)
    {
        var file = OpenCalls.OpenAt(
            At.CurrentDirectory,
            entry.Source!,
            OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec,
            0
        );
        if (file >= 0)
        {
            return new SafeFileHandle(file, ownsHandle: true);
        }

        var error = Errno.Last;
        throw error == Errno.NoEntry ? CaptureErrors.Changed(entry.Source!) : CaptureErrors.Unreadable(entry.Source!, Errno.Text(error));
    }

    /// <summary>
    /// Hashes what goes to the compressor. Small writes are gathered: handing each to another thread would cost more than hashing it.
    /// </summary>
    private sealed class HashedTee(BackgroundHash hash, Stream sink) : ForwardWriteStream
    {
        private const int GatherSize = 256 << 10;

        private readonly byte[] _gathered = ArrayPool<byte>.Shared.Rent(GatherSize);
        private int _filled;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            sink.Write(buffer);
            if (_filled + buffer.Length > GatherSize)
            {
                HashGathered();
            }

            if (buffer.Length >= GatherSize)
            {
                hash.Append(buffer);
                return;
            }

            buffer.CopyTo(_gathered.AsSpan(_filled));
            _filled += buffer.Length;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                HashGathered();
                ArrayPool<byte>.Shared.Return(_gathered);
            }

            base.Dispose(disposing);
        }

        private void HashGathered()
        {
            if (_filled > 0)
            {
                hash.Append(_gathered.AsSpan(0, _filled));
                _filled = 0;
            }
        }
    }

    /// <summary>Tells how much was read, so that a file of gigabytes does not look like a standstill.</summary>
    private sealed class AdvancingStream(Stream source, Action<long> advance, CancellationToken cancellation) : ForwardReadStream
    {
        public override int Read(Span<byte> buffer)
        {
            cancellation.ThrowIfCancellationRequested();
            var read = source.Read(buffer);
            advance(read);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                source.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
