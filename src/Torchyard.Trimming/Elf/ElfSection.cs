using System.Buffers.Binary;

namespace Torchyard.Trimming.Elf;

/// <summary>A section header (System V gABI, "Section Header"): what linkers and debuggers look for.</summary>
public sealed record ElfSection
{
    internal const int HeaderBytes = 64;

    /// <summary>sh_type of the first entry, which stands for nothing.</summary>
    public const uint Nothing = 0;

    /// <summary>sh_type of bytes that only the program understands.</summary>
    public const uint Program = 1;

    /// <summary>sh_type of relocations with addends.</summary>
    public const uint Relocations = 4;

    /// <summary>sh_type of what has no bytes in the file.</summary>
    public const uint NoBytes = 8;

    /// <summary>sh_flags: in memory at run time.</summary>
    public const ulong Allocated = 2;

    /// <summary>sh_flags: machine code.</summary>
    public const ulong Instructions = 4;

    /// <summary>sh_flags: compressed, so that what is in it is not what it says.</summary>
    public const ulong Compressed = 0x800;

    /// <summary>Its name; empty where there is none.</summary>
    public required string Name { get; init; }

    /// <summary>sh_name: where the name is in the table of names.</summary>
    public required uint NameAt { get; init; }

    /// <summary>sh_type.</summary>
    public required uint Type { get; init; }

    /// <summary>sh_flags.</summary>
    public required ulong Flags { get; init; }

    /// <summary>sh_addr.</summary>
    public required long Address { get; init; }

    /// <summary>sh_offset.</summary>
    public required long Offset { get; init; }

    /// <summary>sh_size.</summary>
    public required long Bytes { get; init; }

    /// <summary>sh_link.</summary>
    public required uint Link { get; init; }

    /// <summary>sh_info.</summary>
    public required uint Info { get; init; }

    /// <summary>sh_addralign.</summary>
    public required long Alignment { get; init; }

    /// <summary>sh_entsize.</summary>
    public required long EntryBytes { get; init; }

    /// <summary>It has bytes in the file.</summary>
    public bool IsInFile => Type is not (Nothing or NoBytes) && Bytes > 0;

    internal static ElfSection Read(ReadOnlySpan<byte> header) =>
        new()
        {
            Name = "",
            NameAt = BinaryPrimitives.ReadUInt32LittleEndian(header),
            Type = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]),
            Flags = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]),
            Address = BinaryPrimitives.ReadInt64LittleEndian(header[16..]),
            Offset = BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
            Bytes = BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
            Link = BinaryPrimitives.ReadUInt32LittleEndian(header[40..]),
            Info = BinaryPrimitives.ReadUInt32LittleEndian(header[44..]),
            Alignment = BinaryPrimitives.ReadInt64LittleEndian(header[48..]),
            EntryBytes = BinaryPrimitives.ReadInt64LittleEndian(header[56..]),
        };

    internal void Write(Span<byte> header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, NameAt);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Type);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], Flags);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], Address);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], Bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], Link);
        BinaryPrimitives.WriteUInt32LittleEndian(header[44..], Info);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], Alignment);
        BinaryPrimitives.WriteInt64LittleEndian(header[56..], EntryBytes);
    }
}
