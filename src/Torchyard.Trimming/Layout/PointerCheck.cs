using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Torchyard.Trimming.Elf;
using Torchyard.Trimming.Errors;

namespace Torchyard.Trimming.Layout;

/// <summary>
/// Looks whether a library points into its regions. A wrapper points at a region's beginning, which stays where it is; a region that is
/// pointed into elsewhere, or that the loader writes to, is one that this program does not understand.
/// </summary>
internal static class PointerCheck
{
    private const int EntryBytes = 24;
    private const int WindowEntries = 8192;
    private const uint RelativeOnX64 = 8;
    private const uint RelativeOnArm = 1027;

    /// <summary>Regions, by their place in the list, that are pointed into.</summary>
    public static HashSet<int> PointedInto(SafeFileHandle file, ElfFile elf, IReadOnlyList<RegionPlan> regions)
    {
        var found = new HashSet<int>();
        // Regions are in one or two sections, each in a segment whose addresses and offsets differ by a constant.
        var starts = regions.Select(one => AddressOf(elf, one.Region.Offset)).ToArray();
        if (starts.Length == 0)
        {
            return found;
        }

        var order = Enumerable.Range(0, starts.Length).OrderBy(index => starts[index]).ToArray();
        Array.Sort(starts);
        foreach (var section in elf.Sections)
        {
            if (section.Type == ElfSection.Relocations && section.EntryBytes == EntryBytes && (section.Flags & ElfSection.Allocated) != 0)
            {
                Scan(file, elf, section, (place, addend) =>
                {
                    Look(place, isWritten: true);
                    if (addend is { } target)
                    {
                        Look(target, isWritten: false);
                    }
                });
            }
        }

        return found;

        void Look(long address, bool isWritten)
        {
            var at = Array.BinarySearch(starts, address);
            var before = at >= 0 ? at : ~at - 1;
            if (before >= 0 && (at < 0 || isWritten))
            {
                var region = regions[order[before]].Region;
                if (address < starts[before] + (region.End - region.Offset))
                {
                    found.Add(order[before]);
                }
            }
        }
    }

    private static long AddressOf(ElfFile elf, long offset)
    {
        var segment = elf.Segments.FirstOrDefault(one => one.Maps(offset, 1));
        return segment is null ? long.MinValue : offset - segment.Offset + segment.Address;
    }

    private static void Scan(SafeFileHandle file, ElfFile elf, ElfSection section, Action<long, long?> see)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(WindowEntries * EntryBytes);
        try
        {
            for (long at = 0; at < section.Bytes; )
            {
                var bytes = (int)Math.Min(WindowEntries * EntryBytes, section.Bytes - at) / EntryBytes * EntryBytes;
                if (bytes == 0)
                {
                    return;
                }

                var window = buffer.AsSpan(0, bytes);
                if (!ElfFile.TryRead(file, window, section.Offset + at))
                {
                    throw TrimErrors.ChangedMeanwhile(elf.Name);
                }

                for (var entry = window; !entry.IsEmpty; entry = entry[EntryBytes..])
                {
                    var type = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
                    var isRelative = type == (elf.Machine == ElfMachine.Arm64 ? RelativeOnArm : RelativeOnX64);
                    see(
                        BinaryPrimitives.ReadInt64LittleEndian(entry),
                        isRelative ? BinaryPrimitives.ReadInt64LittleEndian(entry[16..]) : null
                    );
                }

                at += bytes;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
