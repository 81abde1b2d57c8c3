using System.IO.Compression;
using Torchyard.Platform.Compression.Interop;

namespace Torchyard.Platform.Compression;

/// <summary>Compresses one block of input into one self-contained frame. The result depends on the block and the level alone.</summary>
internal abstract class FrameCodec : IDisposable
{
    public static FrameCodec Create(CompressionFormat format, int level) =>
        format switch
        {
            CompressionFormat.Zstd => new ZstdFrameCodec(level),
            CompressionFormat.Gzip => new GzipFrameCodec(level),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "only gzip and zstd are written"),
        };

    /// <summary>The most bytes that a frame of this much input takes.</summary>
    public abstract int Bound(int length);

    /// <summary>Compresses; returns the length of the frame.</summary>
    public abstract int Compress(ReadOnlySpan<byte> input, byte[] output);

    public abstract void Dispose();

    private sealed unsafe class ZstdFrameCodec : FrameCodec
    {
        private readonly nint _context;

        public ZstdFrameCodec(int level)
        {
            _context = Zstd.CreateCompressor();
            if (_context == 0)
            {
                throw new InsufficientMemoryException("libzstd has no memory for a compressor");
            }

            Zstd.Check(Zstd.SetCompressorParameter(_context, Zstd.ParameterCompressionLevel, level));
            Zstd.Check(Zstd.SetCompressorParameter(_context, Zstd.ParameterChecksum, 1));
        }

        public override int Bound(int length) => checked((int)Zstd.CompressBound((nuint)length));

        public override int Compress(ReadOnlySpan<byte> input, byte[] output)
        {
            fixed (byte* from = input)
            fixed (byte* to = output)
            {
                return (int)Zstd.Check(Zstd.Compress(_context, to, (nuint)output.Length, from, (nuint)input.Length));
            }
        }

        public override void Dispose() => _ = Zstd.FreeCompressor(_context);
    }

    private sealed class GzipFrameCodec(int level) : FrameCodec
    {
        // GZipStream writes nothing at all for no input, which is not a gzip file: header, an empty final block, CRC and length 0.
        private static ReadOnlySpan<byte> EmptyMember => [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

        private readonly ZLibCompressionOptions _options = new() { CompressionLevel = level };

        // deflate's stored blocks add 5 bytes for each 16 KiB at worst; header and trailer 18.
        public override int Bound(int length) => length + length / 1024 + 1024;

        public override int Compress(ReadOnlySpan<byte> input, byte[] output)
        {
            if (input.IsEmpty)
            {
                EmptyMember.CopyTo(output);
                return EmptyMember.Length;
            }

            using var frame = new MemoryStream(output);
            using (var encoder = new GZipStream(frame, _options, leaveOpen: true))
            {
                encoder.Write(input);
            }

            return (int)frame.Position;
        }

        public override void Dispose() { }
    }
}
