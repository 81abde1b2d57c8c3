using System.Numerics;
using Torchyard.Platform.Compression.Interop;

namespace Torchyard.Platform.Compression;

/// <summary>Decodes Zstandard through libzstd, concatenated and skippable frames included, with a limit for the window.</summary>
internal sealed unsafe class ZstdDecoderStream : DecoderStream
{
    private readonly nint _context;
    private bool _betweenFrames;

    public ZstdDecoderStream(Stream source, long memoryLimit, bool leaveOpen)
        : base(source, leaveOpen)
    {
        _context = Zstd.CreateDecompressor();
        if (_context == 0)
        {
            throw new InsufficientMemoryException("libzstd has no memory for a decoder");
        }

        // ZSTD_WINDOWLOG_MIN is 10, and a 32-bit window log of 30 works everywhere.
        var windowLog = Math.Clamp(BitOperations.Log2((ulong)memoryLimit), 10, 30);
        Zstd.Check(Zstd.SetDecompressorParameter(_context, Zstd.ParameterWindowLogMax, windowLog));
    }

    protected override bool Decode(ReadOnlySpan<byte> input, bool last, Span<byte> output, out int consumed, out int written)
    {
        if (last && input.IsEmpty && _betweenFrames)
        {
            consumed = written = 0;
            return true;
        }

        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            var source = new ZstdInBuffer { Source = from, Size = (nuint)input.Length };
            var destination = new ZstdOutBuffer { Destination = to, Size = (nuint)output.Length };
            var left = Zstd.Check(Zstd.DecompressStream(_context, &destination, &source));
            consumed = (int)source.Position;
            written = (int)destination.Position;
            if (consumed > 0 || written > 0)
            {
                _betweenFrames = left == 0;
            }
        }

        return last && written == 0 && consumed == 0 ? throw new InvalidDataException("zstd: the data ends too early") : false;
    }

    protected override void FreeDecoder() => _ = Zstd.FreeDecompressor(_context);
}
