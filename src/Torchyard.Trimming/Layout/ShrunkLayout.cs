using System.Buffers.Binary;
using Torchyard.Trimming.Elf;

namespace Torchyard.Trimming.Layout;

/// <summary>
/// The headers of a file without some of its pages. Every byte that stays keeps its address: a segment with a hole becomes several, a
/// section too, and what follows in the file moves up by whole pages. The new program headers stand before everything else, in pages that
/// nothing maps: <c>strip</c> and <c>patchelf</c> want them behind the ELF header, where the old ones have no room to grow.
/// </summary>
internal sealed class ShrunkLayout
{
    private readonly ElfFile _elf;
    private readonly IReadOnlyList<FileRange> _holes;
    private readonly long _page;
    private readonly long _oldPrefix;

    public ShrunkLayout(ElfFile elf, IReadOnlyList<FileRange> holes)
    {
        (_elf, _holes, _page) = (elf, holes, ElfMachine.PageBytes(elf.Machine));
        _oldPrefix = OldPrefix();
        var segments = elf.Segments.Where(one => one.Type != ElfSegment.Headers).ToList();
        var count = segments.Sum(one => one.Type == ElfSegment.Load ? Split(one.Offset, one.FileBytes).Count : 1);
        PrefixBytes = Holes.Up(ElfFile.HeaderBytes + ((long)count * ElfSegment.HeaderBytes), _page);
        Segments = [.. segments.SelectMany(New)];
        Sections = NewSections();
        // Section headers at the end are written again, and are not data.
        var table = (long)elf.Sections.Count * ElfSection.HeaderBytes;
        DataEnd = elf.SectionsAt + table == elf.Length ? elf.SectionsAt : elf.Length;
        SectionsAt = Holes.Up(NewOffset(DataEnd), 8);
        Length = SectionsAt + ((long)Sections.Count * ElfSection.HeaderBytes);
    }

    /// <summary>Bytes before the old file's first, with ELF header and program headers.</summary>
    public long PrefixBytes { get; }

    /// <summary>Where in the old file what is kept begins: behind the prefix of an earlier trimming.</summary>
    public long DataStart => _oldPrefix;

    /// <summary>Where in the old file what is kept ends.</summary>
    public long DataEnd { get; }

    /// <summary>Where the new section headers are.</summary>
    public long SectionsAt { get; }

    /// <summary>Bytes of the new file.</summary>
    public long Length { get; }

    /// <summary>The new program headers.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; }

    /// <summary>The new section headers.</summary>
    public IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>ELF header, program headers and zeros up to the page.</summary>
    public byte[] Prefix()
    {
        var prefix = new byte[PrefixBytes];
        _elf.Header.Span.CopyTo(prefix);
        BinaryPrimitives.WriteInt64LittleEndian(prefix.AsSpan(32), ElfFile.HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(prefix.AsSpan(40), SectionsAt);
        BinaryPrimitives.WriteUInt16LittleEndian(prefix.AsSpan(56), (ushort)Segments.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(prefix.AsSpan(60), (ushort)Sections.Count);
        for (var index = 0; index < Segments.Count; index++)
        {
            Segments[index].Write(prefix.AsSpan(ElfFile.HeaderBytes + (index * ElfSegment.HeaderBytes)));
        }

        return prefix;
    }

    /// <summary>The section headers, as bytes.</summary>
    public byte[] SectionTable()
    {
        var table = new byte[Sections.Count * ElfSection.HeaderBytes];
        for (var index = 0; index < Sections.Count; index++)
        {
            Sections[index].Write(table.AsSpan(index * ElfSection.HeaderBytes));
        }

        return table;
    }

    /// <summary>Where a byte of the old file is in the new one.</summary>
    private long NewOffset(long old)
    {
        var offset = old - _oldPrefix + PrefixBytes;
        foreach (var hole in _holes)
        {
            if (hole.Start >= old)
            {
                break;
            }

            offset -= Math.Min(old, hole.End) - hole.Start;
        }

        return offset;
    }

    private IEnumerable<ElfSegment> New(ElfSegment segment)
    {
        if (segment.Type != ElfSegment.Load)
        {
            // Those without bytes that begin at 0 stand for no place in the file.
            return [segment.Offset == 0 && segment.FileBytes == 0 ? segment : segment with { Offset = NewOffset(segment.Offset) }];
        }

        var pieces = Split(segment.Offset, segment.FileBytes);
        return pieces.Select(
            (piece, index) =>
                segment with
                {
                    Flags = Flags(segment, piece),
                    Offset = NewOffset(piece.Start),
                    Address = segment.Address + (piece.Start - segment.Offset),
                    PhysicalAddress = segment.PhysicalAddress + (piece.Start - segment.Offset),
                    FileBytes = piece.Bytes,
                    MemoryBytes =
                        index < pieces.Count - 1 || segment.MemoryBytes == segment.FileBytes
                            ? piece.Bytes
                            : segment.MemoryBytes - (piece.Start - segment.Offset),
                    // An address and its offset agree to a page now, and no longer to what the linker asked for.
                    Alignment = Math.Min(segment.Alignment, _page),
                }
        );
    }

    private uint Flags(ElfSegment segment, FileRange piece)
    {
        var hasCode = _elf.Sections.Any(section =>
            section.IsInFile && (section.Flags & ElfSection.Instructions) != 0 && Holes.Overlaps(section.Offset, section.Bytes, piece)
        );
        var isWhole = piece.Bytes == segment.FileBytes;
        return hasCode || isWhole ? segment.Flags : segment.Flags & ~ElfSegment.Executable;
    }

    private List<ElfSection> NewSections()
    {
        var sections = new List<ElfSection>();
        var more = new List<ElfSection>();
        foreach (var section in _elf.Sections)
        {
            if (section.Type == ElfSection.Nothing)
            {
                sections.Add(section);
                continue;
            }

            if (!section.IsInFile)
            {
                sections.Add(section with { Offset = NewOffset(section.Offset) });
                continue;
            }

            var pieces = Split(section.Offset, section.Bytes)
                .Select(piece =>
                    section with
                    {
                        Address = section.Address + (piece.Start - section.Offset),
                        Offset = NewOffset(piece.Start),
                        Bytes = piece.Bytes,
                        Alignment = Math.Min(section.Alignment, 8),
                    }
                )
                .ToList();
            sections.Add(
                pieces.Count == 1 && pieces[0].Bytes == section.Bytes ? section with { Offset = NewOffset(section.Offset) } : pieces[0]
            );
            // Behind all others, so that no index changes.
            more.AddRange(pieces.Skip(1));
        }

        return [.. sections, .. more];
    }

    /// <summary>What stays of a range of the old file.</summary>
    private List<FileRange> Split(long offset, long bytes)
    {
        var pieces = new List<FileRange>();
        var (start, end) = (offset, offset + bytes);
        foreach (var hole in _holes)
        {
            if (hole.Start >= start && hole.End <= end)
            {
                if (hole.Start > start)
                {
                    pieces.Add(new FileRange(start, hole.Start));
                }

                start = hole.End;
            }
        }

        if (end > start || pieces.Count == 0)
        {
            pieces.Add(new FileRange(start, end));
        }

        return pieces;
    }

    /// <summary>What an earlier trimming put before the file: headers that nothing maps and no section has.</summary>
    private long OldPrefix()
    {
        var mapped = _elf
            .Segments.Where(one => one.Type == ElfSegment.Load && one.FileBytes > 0)
            .Select(one => one.Offset)
            .DefaultIfEmpty(0)
            .Min();
        return
            mapped > 0
            && mapped % _page == 0
            && _elf.SegmentsAt + ((long)_elf.Segments.Count * ElfSegment.HeaderBytes) <= mapped
            && _elf.Sections.All(one => !one.IsInFile || one.Offset >= mapped)
            && _elf.Segments.All(one => one.FileBytes == 0 || one.Offset >= mapped)
            && _elf.SectionsAt >= mapped
            ? mapped
            : 0;
    }
}
