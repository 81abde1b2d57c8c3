using System.Buffers.Binary;

namespace Torchyard.Trimming.Elf;

/// <summary>A program header (System V gABI, "Program Header"): what the loader maps, or looks for.</summary>
public sealed record ElfSegment
{
    internal const int HeaderBytes = 56;

    /// <summary>p_type of what is mapped.</summary>
    public const uint Load = 1;

    /// <summary>p_type of the path of a program's loader.</summary>
    public const uint Interpreter = 3;

    /// <summary>p_type of the program headers themselves.</summary>
    public const uint Headers = 6;

    /// <summary>p_flags: may be executed.</summary>
    public const uint Executable = 1;

    /// <summary>p_type.</summary>
    public required uint Type { get; init; }

    /// <summary>p_flags.</summary>
    public required uint Flags { get; init; }

    /// <summary>p_offset: first byte in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>p_vaddr.</summary>
    public required long Address { get; init; }

    /// <summary>p_paddr.</summary>
    public required long PhysicalAddress { get; init; }

    /// <summary>p_filesz.</summary>
    public required long FileBytes { get; init; }

    /// <summary>p_memsz.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>p_align.</summary>
    public required long Alignment { get; init; }

    /// <summary>True when a range of the file is mapped by this segment.</summary>
    public bool Maps(long offset, long bytes) => Type == Load && offset >= Offset && offset + bytes <= Offset + FileBytes;

    internal static ElfSegment Read(ReadOnlySpan<byte> header) =>
        new()
        {
            Type = BinaryPrimitives.ReadUInt32LittleEndian(header),
            Flags = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]),
            Offset = BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
            Address = BinaryPrimitives.ReadInt64LittleEndian(header[16..]),
            PhysicalAddress = BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
            FileBytes = BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
            MemoryBytes = BinaryPrimitives.ReadInt64LittleEndian(header[40..]),
            Alignment = BinaryPrimitives.ReadInt64LittleEndian(header[48..]),
        };

    internal void Write(Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, Type);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Flags);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], Address);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], PhysicalAddress);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], FileBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], MemoryBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], Alignment);
    }
}
