using System.IO.Compression;
using System.Text;
using Torchyard.Platform.Compression;

namespace Torchyard.Fuzz.Engine;

/// <summary>Helpers for seeds and streams.</summary>
internal static class Bytes
{
    /// <summary>UTF-8.</summary>
    public static byte[] Of(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A gzip file.</summary>
    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var encoder = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            encoder.Write(content);
        }

        return packed.ToArray();
    }

    /// <summary>A raw deflate stream.</summary>
    public static byte[] Deflate(byte[] content, CompressionLevel level = CompressionLevel.SmallestSize)
    {
        using var packed = new MemoryStream();
        using (var encoder = new DeflateStream(packed, level))
        {
            encoder.Write(content);
        }

        return packed.ToArray();
    }

    /// <summary>A zstd frame.</summary>
    public static byte[] Zstd(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var encoder = new FrameCompressionStream(packed, CompressionFormat.Zstd, 3, leaveOpen: true))
        {
            encoder.Write(content);
            encoder.Complete();
        }

        return packed.ToArray();
    }

    /// <summary>Reads a stream to its end, at most so many bytes, and returns a digest of them.</summary>
    public static (long Length, Digest Digest) Drain(Stream stream, long most)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        var length = 0L;
        int read;
        while (length < most && (read = stream.Read(buffer)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            length += read;
        }

        return (length, Digest.FromHash(hash.GetHashAndReset()));
    }
}
