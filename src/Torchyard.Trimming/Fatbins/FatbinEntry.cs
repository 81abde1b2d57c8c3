using System.Text.Json.Serialization;

namespace Torchyard.Trimming.Fatbins;

/// <summary>What an entry of a fatbin holds.</summary>
public enum EntryKind
{
    /// <summary>Something that is not understood, and stays.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown,

    /// <summary>PTX, which the driver compiles for any newer GPU.</summary>
    [JsonStringEnumMemberName("ptx")]
    Ptx,

    /// <summary>Machine code for one architecture: a cubin.</summary>
    [JsonStringEnumMemberName("cubin")]
    Cubin,

    /// <summary>NVVM IR for linking at run time, which stays.</summary>
    [JsonStringEnumMemberName("lto_ir")]
    LtoIr,

    /// <summary>Code with debug information, which stays.</summary>
    [JsonStringEnumMemberName("debug")]
    Debug,
}

/// <summary>For which chips of an architecture an entry is.</summary>
public enum EntryVariant
{
    /// <summary>For the architecture and those that follow: <c>sm_90</c>.</summary>
    Plain,

    /// <summary>For exactly that chip: <c>sm_90a</c>.</summary>
    Specific,

    /// <summary>It has flags that this program does not know: <c>sm_100f</c>, or one to come.</summary>
    Unsure,
}

/// <summary>An entry of a fatbin: its header and its payload, which follow each other.</summary>
public readonly record struct FatbinEntry
{
    /// <summary>Where its header begins in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>Header and padded payload in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>What it holds.</summary>
    public required EntryKind Kind { get; init; }

    /// <summary>For which chips.</summary>
    public required EntryVariant Variant { get; init; }

    /// <summary>The architecture that it was compiled for.</summary>
    public required CudaArchitecture Architecture { get; init; }

    /// <summary>The kind as the file has it.</summary>
    public required ushort RawKind { get; init; }

    /// <summary>The flags as the file has them.</summary>
    public required ulong Flags { get; init; }

    /// <summary>Bytes of the payload once unpacked, where the entry says so; else as it lies in the file.</summary>
    public required ulong UnpackedBytes { get; init; }

    /// <summary>It is packed with LZ4 or zstd, and so does not shrink again in a layer.</summary>
    public bool IsCompressed => (Flags & (FatbinFormat.Lz4 | FatbinFormat.Zstd)) != 0;
}
