namespace Torchyard.Platform.Compression;

/// <summary>Opens compressed streams for reading. What comes out is what the source holds: the caller bounds its size.</summary>
public static class Decompression
{
    /// <summary>Memory that a decoder may take by default, in bytes: enough for <c>xz -9</c> and for <c>zstd --long=27</c>.</summary>
    public const long DefaultMemoryLimit = 160L << 20;

    /// <summary>
    /// A forward-only stream of the decoded bytes. Reading throws <see cref="InvalidDataException"/> for damaged or truncated data.
    /// </summary>
    /// <param name="source">The compressed bytes, read to their end.</param>
    /// <param name="format">Their format; it is never guessed.</param>
    /// <param name="memoryLimit">Most memory in bytes that the decoder may ask for.</param>
    /// <param name="leaveOpen">Keep <paramref name="source"/> open when the result is disposed.</param>
    public static Stream Open(Stream source, CompressionFormat format, long memoryLimit = DefaultMemoryLimit, bool leaveOpen = false) =>
        format switch
        {
            CompressionFormat.None => source,
            CompressionFormat.Gzip => new GzipDecoderStream(source, leaveOpen),
            CompressionFormat.Xz => new XzDecoderStream(source, memoryLimit, leaveOpen),
            CompressionFormat.Zstd => new ZstdDecoderStream(source, memoryLimit, leaveOpen),
            _ => throw new ArgumentOutOfRangeException(nameof(format)),
        };
}
