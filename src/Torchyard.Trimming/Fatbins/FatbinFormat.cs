namespace Torchyard.Trimming.Fatbins;

/// <summary>
/// Numbers of the container format, which NVIDIA does not document. Read from CUDA 12.4 and 13.0 libraries, and from what nvcc 12.4 writes
/// for each kind of code (docs/trimming.md); beyond these nothing is assumed.
/// </summary>
internal static class FatbinFormat
{
    public const uint RegionMagic = 0xBA55ED50;
    public const ushort RegionVersion = 1;
    public const int RegionHeaderBytes = 16;
    public const int SizeField = 8;

    public const int EntryHeaderBytes = 64;
    public const int LongestEntryHeader = 64 << 10;
    public const ushort EntryVersion = 0x101;

    public const ushort Ptx = 1;
    public const ushort Cubin = 2;
    public const ushort Lto = 8;

    public const ulong Bits64 = 0x1;
    public const ulong WithDebug = 0x2;
    public const ulong LinuxHost = 0x10;
    public const ulong Lz4 = 0x2000;
    public const ulong Zstd = 0x8000;
    public const ulong ForLinking = 0x10000;
    public const ulong ChipOnly = 0x100000;

    /// <summary>Flags that say nothing about where an entry runs.</summary>
    public const ulong Neutral = Bits64 | LinuxHost | Lz4 | Zstd;
}
