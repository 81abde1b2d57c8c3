using System.IO.Compression;
using Torchyard.Platform.Compression;

namespace Torchyard.Fuzz.Targets.Compression;

/// <summary>A compressed stream, read through its decoder.</summary>
internal abstract class DecoderTarget(CompressionFormat format) : FuzzTarget
{
    // A kilobyte of deflate can become a megabyte, one of zstd more; who unpacks bounds the output.
    private const long MostOutput = 4 << 20;

    /// <inheritdoc />
    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    /// <inheritdoc />
    public override object? Parse(byte[] input)
    {
        using var decoder = Decompression.Open(new MemoryStream(input), format, memoryLimit: 16 << 20);
        return Bytes.Drain(decoder, MostOutput);
    }

    /// <summary>Contents that take different ways through a format.</summary>
    protected static IEnumerable<byte[]> Contents() =>
        [
            [],
            Bytes.Of("one line of text, one line of text, one line of text\n"),
            [.. Enumerable.Range(0, 2000).Select(value => (byte)(value * value))],
            new byte[3000],
        ];

    /// <summary>The levels that differ in what blocks they make.</summary>
    protected static IEnumerable<CompressionLevel> Levels() =>
        [CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.SmallestSize];
}
