using System.Runtime.InteropServices;
using Torchyard.Platform.Compression.Interop;

namespace Torchyard.Platform.Compression;

/// <summary>
/// Names of the compressors with their versions, as the lock records them: another version gives other bytes, so another image digest.
/// </summary>
public static unsafe class CompressorVersion
{
    /// <summary>E.g. <c>libzstd 1.5.7</c>.</summary>
    public static string Zstd => "libzstd " + Marshal.PtrToStringUTF8((nint)Interop.Zstd.VersionString());

    /// <summary>The framework's own zlib, known by the framework's version, e.g. <c>.NET 10.0.1 zlib</c>.</summary>
    public static string Gzip => $".NET {Environment.Version} zlib";

    /// <summary>E.g. <c>liblzma 5.8.1</c>; decoding gives the same bytes with any version.</summary>
    public static string Xz => "liblzma " + Marshal.PtrToStringUTF8((nint)Lzma.VersionString());

    /// <summary>The text for a layer format.</summary>
    public static string Of(CompressionFormat format) =>
        format switch
        {
            CompressionFormat.Zstd => Zstd,
            CompressionFormat.Gzip => Gzip,
            CompressionFormat.Xz => Xz,
            _ => "none",
        };
}
