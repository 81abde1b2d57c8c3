using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Trimming.Errors;

namespace Torchyard.Trimming.Elf;

/// <summary>
/// The headers of a 64-bit little-endian ELF file (System V gABI). The file is untrusted: every offset, size and count is checked against
/// the file, and what is read does not grow with what it claims.
/// </summary>
public sealed record ElfFile
{
    internal const int HeaderBytes = 64;

    /// <summary>e_type of programs with fixed addresses.</summary>
    public const ushort FixedProgram = 2;

    /// <summary>e_type of shared libraries and of programs that can stand anywhere.</summary>
    public const ushort Shared = 3;

    // Sections and segments of the largest libraries are some hundreds; 0xff00 and 0xffff begin escapes that no linker of them writes.
    private const int MostSections = 0xfeff;
    private const int MostSegments = 0xfffe;
    private const int MostNameBytes = 16 << 20;

    /// <summary>The file for people.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Length { get; init; }

    /// <summary>e_type.</summary>
    public required ushort Type { get; init; }

    /// <summary>e_machine: 62 is x86-64, 183 arm64.</summary>
    public required ushort Machine { get; init; }

    /// <summary>e_phoff.</summary>
    public required long SegmentsAt { get; init; }

    /// <summary>e_shoff.</summary>
    public required long SectionsAt { get; init; }

    /// <summary>e_shstrndx.</summary>
    public required ushort NamesIndex { get; init; }

    /// <summary>The first 64 bytes.</summary>
    public required ReadOnlyMemory<byte> Header { get; init; }

    /// <summary>Program headers in their order.</summary>
    public required IReadOnlyList<ElfSegment> Segments { get; init; }

    /// <summary>Section headers in their order; empty where somebody removed them.</summary>
    public required IReadOnlyList<ElfSection> Sections { get; init; }

    /// <summary>A program: the kernel gives its loader the address of the program headers, so that they have to be mapped.</summary>
    public bool IsProgram => Type == FixedProgram || Segments.Any(segment => segment.Type == ElfSegment.Interpreter);

    /// <summary>Reads the headers; null for what is not a linked 64-bit little-endian ELF file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name for people.</param>
    /// <exception cref="TorchyardException">TY3080: the headers contradict each other or the file.</exception>
    public static ElfFile? Read(SafeFileHandle file, string name)
    {
        ArgumentNullException.ThrowIfNull(file);
        var length = RandomAccess.GetLength(file);
        var header = new byte[HeaderBytes];
        // Magic, ELFCLASS64, ELFDATA2LSB, version 1.
        if (length < HeaderBytes || !TryRead(file, header, 0) || !header.AsSpan().StartsWith("\u007fELF\u0002\u0001\u0001"u8))
        {
            return null;
        }

        var type = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(16));
        if (type is not (FixedProgram or Shared))
        {
            return null;
        }

        var segmentsAt = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(32));
        var sectionsAt = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(40));
        int segmentCount = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(56));
        int sectionCount = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(60));
        if (segmentCount > MostSegments || sectionCount > MostSections)
        {
            throw TrimErrors.Elf(name, "it has more headers than its first one can count");
        }

        Require(name, segmentCount == 0 || Half(header, 54) == ElfSegment.HeaderBytes, "program headers of another size");
        Require(name, sectionCount == 0 || Half(header, 58) == ElfSection.HeaderBytes, "section headers of another size");
        var elf = new ElfFile
        {
            Name = name,
            Length = length,
            Type = type,
            Machine = Half(header, 18),
            SegmentsAt = segmentsAt,
            SectionsAt = sectionsAt,
            NamesIndex = Half(header, 62),
            Header = header,
            Segments = [],
            Sections = [],
        };
        return elf with
        {
            Segments = elf.ReadSegments(file, segmentCount),
            Sections = elf.Named(file, elf.ReadSections(file, sectionCount)),
        };
    }

    /// <summary>Reads exactly as much as a buffer has room for; false at the end of the file.</summary>
    internal static bool TryRead(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            var read = RandomAccess.Read(file, buffer, offset);
            if (read <= 0)
            {
                return false;
            }

            buffer = buffer[read..];
            offset += read;
        }

        return true;
    }

    private List<ElfSegment> ReadSegments(SafeFileHandle file, int count)
    {
        var table = Table(file, SegmentsAt, count * ElfSegment.HeaderBytes, "its program headers are");
        var segments = new List<ElfSegment>(count);
        for (var index = 0; index < count; index++)
        {
            var segment = ElfSegment.Read(table.AsSpan(index * ElfSegment.HeaderBytes));
            Require(Name, segment.FileBytes == 0 || IsInside(segment.Offset, segment.FileBytes), $"segment {index} is not inside the file");
            Require(
                Name,
                segment.Type != ElfSegment.Load
                    || (
                        segment.MemoryBytes >= segment.FileBytes
                        && segment.Address >= 0
                        && segment.Address <= long.MaxValue - segment.MemoryBytes
                    ),
                $"segment {index} has an impossible size"
            );
            segments.Add(segment);
        }

        return segments;
    }

    private List<ElfSection> ReadSections(SafeFileHandle file, int count)
    {
        var table = Table(file, SectionsAt, count * ElfSection.HeaderBytes, "its section headers are");
        var sections = new List<ElfSection>(count);
        for (var index = 0; index < count; index++)
        {
            var section = ElfSection.Read(table.AsSpan(index * ElfSection.HeaderBytes));
            Require(Name, !section.IsInFile || IsInside(section.Offset, section.Bytes), $"section {index} is not inside the file");
            sections.Add(section);
        }

        return sections;
    }

    private List<ElfSection> Named(SafeFileHandle file, List<ElfSection> sections)
    {
        if (sections.Count == 0)
        {
            return sections;
        }

        Require(Name, NamesIndex < sections.Count, "there is no section of names");
        var at = sections[NamesIndex];
        Require(Name, !at.IsInFile || at.Bytes <= MostNameBytes, "the names of its sections are longer than any");
        var names = at.IsInFile ? Table(file, at.Offset, (int)at.Bytes, "the names of its sections are") : [];
        return [.. sections.Select(section => section with { Name = NameAt(names, section.NameAt) })];
    }

    private static string NameAt(byte[] names, uint at)
    {
        if (at >= names.Length)
        {
            return "";
        }

        // Only short names mean something here; a table of one long name and many sections must not be copied for each.
        var rest = names.AsSpan((int)at, Math.Min(64, names.Length - (int)at));
        var end = rest.IndexOf((byte)0);
        return end < 0 ? "" : Encoding.Latin1.GetString(rest[..end]);
    }

    private byte[] Table(SafeFileHandle file, long at, int bytes, string what)
    {
        Require(Name, bytes == 0 || IsInside(at, bytes), $"{what} not inside the file");
        var table = new byte[bytes];
        Require(Name, TryRead(file, table, at), $"{what} not inside the file");
        return table;
    }

    private bool IsInside(long offset, long bytes) => offset >= 0 && bytes >= 0 && offset <= Length && bytes <= Length - offset;

    private static ushort Half(byte[] header, int at) => BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(at));

    private static void Require(string name, bool holds, string otherwise)
    {
        if (!holds)
        {
            throw TrimErrors.Elf(name, otherwise);
        }
    }
}
