using System.Runtime.InteropServices;

namespace Torchyard.Platform.Compression.Interop;

/// <summary>The part of liblzma (lzma/base.h, lzma/container.h) that decodes.</summary>
internal static unsafe partial class Lzma
{
    internal const uint Concatenated = 0x08;

    static Lzma() => NativeCompressors.Register();

    [LibraryImport("lzma", EntryPoint = "lzma_stream_decoder")]
    internal static partial LzmaResult StreamDecoder(LzmaStream* stream, ulong memoryLimit, uint flags);

    [LibraryImport("lzma", EntryPoint = "lzma_code")]
    internal static partial LzmaResult Code(LzmaStream* stream, LzmaAction action);

    [LibraryImport("lzma", EntryPoint = "lzma_end")]
    internal static partial void End(LzmaStream* stream);

    [LibraryImport("lzma", EntryPoint = "lzma_version_string")]
    internal static partial byte* VersionString();
}

internal enum LzmaAction
{
    Run = 0,
    Finish = 3,
}

internal enum LzmaResult
{
    Ok = 0,
    StreamEnd = 1,
    MemoryError = 5,
    MemoryLimit = 6,
    FormatError = 7,
    OptionsError = 8,
    DataError = 9,
    BufferError = 10,
}

/// <summary>lzma_stream of lzma/base.h; its layout is part of liblzma's stable ABI.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LzmaStream
{
    public byte* NextIn;
    public nuint AvailIn;
    public ulong TotalIn;
    public byte* NextOut;
    public nuint AvailOut;
    public ulong TotalOut;
    public void* Allocator;
    public void* Internal;
    public void* Reserved1;
    public void* Reserved2;
    public void* Reserved3;
    public void* Reserved4;
    public ulong SeekPosition;
    public ulong Reserved5;
    public nuint Reserved6;
    public nuint Reserved7;
    public int Reserved8;
    public int Reserved9;
}
