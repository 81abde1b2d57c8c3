using System.Runtime.InteropServices;

namespace Torchyard.Platform.Compression.Interop;

/// <summary>The part of libzstd (zstd.h) that Torchyard calls; all of it is in the stable API.</summary>
internal static unsafe partial class Zstd
{
    internal const int ParameterCompressionLevel = 100;
    internal const int ParameterChecksum = 201;
    internal const int ParameterWindowLogMax = 100;

    static Zstd() => NativeCompressors.Register();

    [LibraryImport("zstd", EntryPoint = "ZSTD_createCCtx")]
    internal static partial nint CreateCompressor();

    [LibraryImport("zstd", EntryPoint = "ZSTD_freeCCtx")]
    internal static partial nuint FreeCompressor(nint context);

    [LibraryImport("zstd", EntryPoint = "ZSTD_CCtx_setParameter")]
    internal static partial nuint SetCompressorParameter(nint context, int parameter, int value);

    [LibraryImport("zstd", EntryPoint = "ZSTD_compress2")]
    internal static partial nuint Compress(nint context, byte* output, nuint capacity, byte* input, nuint length);

    [LibraryImport("zstd", EntryPoint = "ZSTD_compressBound")]
    internal static partial nuint CompressBound(nuint length);

    [LibraryImport("zstd", EntryPoint = "ZSTD_createDCtx")]
    internal static partial nint CreateDecompressor();

    [LibraryImport("zstd", EntryPoint = "ZSTD_freeDCtx")]
    internal static partial nuint FreeDecompressor(nint context);

    [LibraryImport("zstd", EntryPoint = "ZSTD_DCtx_setParameter")]
    internal static partial nuint SetDecompressorParameter(nint context, int parameter, int value);

    [LibraryImport("zstd", EntryPoint = "ZSTD_decompressStream")]
    internal static partial nuint DecompressStream(nint context, ZstdOutBuffer* output, ZstdInBuffer* input);

    [LibraryImport("zstd", EntryPoint = "ZSTD_isError")]
    internal static partial uint IsError(nuint code);

    [LibraryImport("zstd", EntryPoint = "ZSTD_getErrorName")]
    internal static partial byte* GetErrorName(nuint code);

    [LibraryImport("zstd", EntryPoint = "ZSTD_versionString")]
    internal static partial byte* VersionString();

    /// <summary>Throws for a result that is an error code.</summary>
    internal static nuint Check(nuint code) =>
        IsError(code) == 0 ? code : throw new InvalidDataException($"zstd: {Marshal.PtrToStringUTF8((nint)GetErrorName(code))}");
}

/// <summary>ZSTD_inBuffer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ZstdInBuffer
{
    public byte* Source;
    public nuint Size;
    public nuint Position;
}

/// <summary>ZSTD_outBuffer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ZstdOutBuffer
{
    public byte* Destination;
    public nuint Size;
    public nuint Position;
}
