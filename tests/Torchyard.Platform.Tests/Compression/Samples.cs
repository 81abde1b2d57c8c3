using System.Text;
using Torchyard.Platform.Compression;

namespace Torchyard.Platform.Tests.Compression;

internal static class Samples
{
    /// <summary>What <see cref="Packed"/> holds.</summary>
    internal static readonly byte[] Content = Encoding.UTF8.GetBytes(
        string.Concat(Enumerable.Range(0, 200).Select(number => $"line {number} of a text that xz packs\n"))
    );

    // Made by xz 5.4.1 -6.
    private const string XzPacked =
        "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4BlZAQddADYaSh8IoCYDTQad7+2MoT/"
        + "IOM9thS+bYt+EWBgfrBWAwnfIHdC5LrfmVVztjUO+Wf4+0zPkIqaAfb8Q2D5ri78HY+Mw9tLAb/"
        + "aS6VdmDER7Fngq2RHM3Qb+7hbW6w9XNS35GyLBcG2ZzZWZq5JEqnbxOwWjA5qOfPLl1gkwbSsPeAVkIcedOsZl766Hg0auIl9K/"
        + "c1UpHtL6r+WeG9h6+Ru+dQqC9KUJUTcwJN5ISpQwh1HmvEyA8iWerfwCFt6crMwfpma/"
        + "4ZebwLSkuK4NyEDzbMuegYUKvQcCqCrgiN29QXUtmrewaKx8n8lEWKkkevCxPaD3mQrnKktdNMG8v8lnR6ww+kAAAD7PonsMVvMRwABowLaMgAA/owbSLHEZ/"
        + "sCAAAAAARZWg==";

    internal static byte[] Packed(CompressionFormat format) =>
        format == CompressionFormat.Xz ? Convert.FromBase64String(XzPacked) : Compress(format, 3, 2, Content);

    internal static byte[] Text(int length)
    {
        var text = new byte[length];
        var state = 1u;
        for (var index = 0; index < length; index++)
        {
            state = state * 1664525 + 1013904223;
            text[index] = (byte)('a' + (state >> 28));
        }

        return text;
    }

    internal static byte[] Compress(CompressionFormat format, int level, int blocksInFlight, params byte[][] writes)
    {
        var packed = new MemoryStream();
        using (var stream = new FrameCompressionStream(packed, format, level, blocksInFlight, leaveOpen: true))
        {
            foreach (var part in writes)
            {
                stream.Write(part);
            }

            stream.Complete();
        }

        return packed.ToArray();
    }

    internal static byte[] Decompress(CompressionFormat format, byte[] packed, long memoryLimit = Decompression.DefaultMemoryLimit)
    {
        using var stream = Decompression.Open(new MemoryStream(packed), format, memoryLimit);
        var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
