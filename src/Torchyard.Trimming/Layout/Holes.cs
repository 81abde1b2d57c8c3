using Torchyard.Trimming.Elf;
using Torchyard.Trimming.Fatbins;

namespace Torchyard.Trimming.Layout;

/// <summary>Which whole pages of a file need not be in it any more.</summary>
internal static class Holes
{
    /// <summary>
    /// A library has at most so many segments after trimming. The loader makes a mapping of each and of each gap, a process may have
    /// 65,530 of them, and the loader keeps its list on the stack, which a thread may have little of.
    /// </summary>
    public const int MostSegments = 512;

    /// <summary>
    /// Free ranges between what stays in a section, in the old file's offsets. What lies between regions are the zeros of the linker or of
    /// an earlier trimming.
    /// </summary>
    public static IEnumerable<FileRange> Free(FatbinSection section, IReadOnlyDictionary<FatbinRegion, RegionPlan> plans)
    {
        if (section.Regions.Count == 0)
        {
            yield break;
        }

        var at = section.Offset;
        foreach (var region in section.Regions)
        {
            if (region.Offset > at)
            {
                yield return new FileRange(at, region.Offset);
            }

            at = plans[region].KeptEnd;
        }

        var end = section.Offset + section.Bytes - section.UnknownBytes;
        if (end > at)
        {
            yield return new FileRange(at, end);
        }
    }

    /// <summary>The pages in free ranges that may go, by offset; none where the file has to keep its length.</summary>
    public static IReadOnlyList<FileRange> Choose(ElfFile elf, IEnumerable<FileRange> free)
    {
        if (!MayShrink(elf))
        {
            return [];
        }

        var page = ElfMachine.PageBytes(elf.Machine);
        return
        [
            .. Merge(free)
                .Select(range => new FileRange(Up(range.Start, page), range.End / page * page))
                .Where(range => range.Bytes > 0 && IsOnlyDeviceCode(elf, range))
                .OrderByDescending(range => range.Bytes)
                .ThenBy(range => range.Start)
                .Take(Math.Max(0, MostSegments - elf.Segments.Count))
                .OrderBy(range => range.Start),
        ];
    }

    /// <summary>The next multiple.</summary>
    public static long Up(long value, long multiple) => (value + multiple - 1) / multiple * multiple;

    // Programs keep their length: the kernel tells the loader where the program headers are in memory, so that these cannot move to where
    // there is room for more of them.
    private static bool MayShrink(ElfFile elf)
    {
        if (elf.IsProgram || elf.Machine is not (ElfMachine.X64 or ElfMachine.Arm64) || elf.Sections.Count == 0)
        {
            return false;
        }

        var page = ElfMachine.PageBytes(elf.Machine);
        var at = long.MinValue;
        foreach (var segment in elf.Segments.Where(segment => segment.Type == ElfSegment.Load))
        {
            if ((segment.Address - segment.Offset) % page != 0 || segment.Address < at)
            {
                return false;
            }

            at = segment.Address + segment.MemoryBytes;
        }

        return true;
    }

    private static IEnumerable<FileRange> Merge(IEnumerable<FileRange> ranges)
    {
        FileRange? last = null;
        foreach (var range in ranges.OrderBy(range => range.Start))
        {
            if (last is { } known && known.End == range.Start)
            {
                last = new FileRange(known.Start, range.End);
                continue;
            }

            if (last is { } whole)
            {
                yield return whole;
            }

            last = range;
        }

        if (last is { } rest)
        {
            yield return rest;
        }
    }

    // In exactly one mapped segment, in no other, and in no other section: a hole in anything else would be a change of it.
    private static bool IsOnlyDeviceCode(ElfFile elf, FileRange range) =>
        elf.Segments.Count(segment => segment.FileBytes > 0 && Overlaps(segment.Offset, segment.FileBytes, range)) == 1
        && elf.Segments.Any(segment => segment.Maps(range.Start, range.Bytes))
        && elf.Sections.Count(section => section.IsInFile && Overlaps(section.Offset, section.Bytes, range)) == 1
        && !Overlaps(elf.SectionsAt, (long)elf.Sections.Count * ElfSection.HeaderBytes, range)
        && !Overlaps(elf.SegmentsAt, (long)elf.Segments.Count * ElfSegment.HeaderBytes, range)
        && range.Start >= ElfFile.HeaderBytes;

    internal static bool Overlaps(long offset, long bytes, FileRange range) => offset < range.End && range.Start < offset + bytes;
}
