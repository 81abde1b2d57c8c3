using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Trimming.Elf;
using Torchyard.Trimming.Errors;

namespace Torchyard.Trimming.Fatbins;

/// <summary>
/// Finds the fatbins of an ELF file. What it does not understand it says so of, and takes it for something that stays: of an unknown region
/// nothing is removed, and behind an unknown header everything is unknown.
/// </summary>
public sealed class FatbinReader
{
    // libtorch_cuda has some thousand; a file of this many would need gigabytes of headers.
    private const int MostEntries = 1 << 20;
    private const int WindowBytes = 256 << 10;

    private readonly SafeFileHandle _file;
    private readonly ElfFile _elf;
    private readonly byte[] _window;
    private long _windowAt;
    private int _windowBytes;
    private int _entries;

    private FatbinReader(SafeFileHandle file, ElfFile elf, byte[] window) => (_file, _elf, _window) = (file, elf, window);

    /// <summary>The sections with device code, in the order of their headers.</summary>
    /// <exception cref="TorchyardException">TY3080: there are more entries than any file has; TY3082: the file became shorter.</exception>
    public static IReadOnlyList<FatbinSection> Read(SafeFileHandle file, ElfFile elf)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(elf);
        var found = elf
            .Sections.Select((section, index) => (section, index))
            .Where(one => IsDeviceCode(one.section))
            .OrderBy(one => one.section.Offset)
            .ToList();
        for (var index = 1; index < found.Count; index++)
        {
            if (found[index].section.Offset < found[index - 1].section.Offset + found[index - 1].section.Bytes)
            {
                throw TrimErrors.Elf(elf.Name, $"two of its sections {found[index].section.Name} overlap");
            }
        }

        if (found.Count == 0)
        {
            return [];
        }

        var window = ArrayPool<byte>.Shared.Rent(WindowBytes);
        try
        {
            var reader = new FatbinReader(file, elf, window);
            return [.. found.Select(one => reader.ReadSection(one.section, one.index))];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    private static bool IsDeviceCode(ElfSection section) =>
        section.Name is ".nv_fatbin" or "__nv_relfatbin"
        && section.Type == ElfSection.Program
        && (section.Flags & ElfSection.Allocated) != 0
        && (section.Flags & ElfSection.Compressed) == 0
        && section.Bytes > 0;

    private FatbinSection ReadSection(ElfSection section, int index)
    {
        var regions = new List<FatbinRegion>();
        var end = section.Offset + section.Bytes;
        var at = SkipZeros(section.Offset, end);
        while (at < end && TryReadRegion(at, end) is { } region)
        {
            regions.Add(region);
            at = SkipZeros(region.End, end);
        }

        return new FatbinSection
        {
            Index = index,
            Name = section.Name,
            Offset = section.Offset,
            Bytes = section.Bytes,
            Regions = regions,
            UnknownBytes = end - at,
        };
    }

    private FatbinRegion? TryReadRegion(long at, long end)
    {
        if (end - at < FatbinFormat.RegionHeaderBytes)
        {
            return null;
        }

        var header = Bytes(at, FatbinFormat.RegionHeaderBytes);
        var payload = BinaryPrimitives.ReadInt64LittleEndian(header[FatbinFormat.SizeField..]);
        if (
            BinaryPrimitives.ReadUInt32LittleEndian(header) != FatbinFormat.RegionMagic
            || BinaryPrimitives.ReadUInt16LittleEndian(header[4..]) != FatbinFormat.RegionVersion
            || BinaryPrimitives.ReadUInt16LittleEndian(header[6..]) != FatbinFormat.RegionHeaderBytes
            || payload < 0
            || payload > end - at - FatbinFormat.RegionHeaderBytes
        )
        {
            return null;
        }

        var region = new FatbinRegion
        {
            Offset = at,
            Payload = payload,
            Entries = [],
        };
        var entries = new List<FatbinEntry>();
        for (var next = region.EntriesAt; next < region.End; next = entries[^1].Offset + entries[^1].Bytes)
        {
            if (TryReadEntry(next, region.End) is not { } entry)
            {
                return region with { Doubt = "it has entries of an unknown form" };
            }

            if (++_entries > MostEntries)
            {
                throw TrimErrors.Elf(_elf.Name, "it has more pieces of device code than any library");
            }

            entries.Add(entry);
        }

        return region with
        {
            Entries = entries,
        };
    }

    private FatbinEntry? TryReadEntry(long at, long end)
    {
        if (end - at < FatbinFormat.EntryHeaderBytes)
        {
            return null;
        }

        var header = Bytes(at, FatbinFormat.EntryHeaderBytes);
        var headerBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        var payload = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        var compressed = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        var number = BinaryPrimitives.ReadUInt32LittleEndian(header[28..]);
        if (
            headerBytes is < FatbinFormat.EntryHeaderBytes or > FatbinFormat.LongestEntryHeader
            || headerBytes > end - at
            || payload > (ulong)(end - at - headerBytes)
            || compressed > payload
            // What follows has to stay aligned when it is moved.
            || (headerBytes + payload) % 8 != 0
        )
        {
            return null;
        }

        var kind = BinaryPrimitives.ReadUInt16LittleEndian(header);
        var version = BinaryPrimitives.ReadUInt16LittleEndian(header[2..]);
        var flags = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        var unpacked = BinaryPrimitives.ReadUInt64LittleEndian(header[56..]);
        var isKnown = version == FatbinFormat.EntryVersion && number is >= 10 and < 1000;
        return new FatbinEntry
        {
            Offset = at,
            Bytes = headerBytes + (long)payload,
            Kind = isKnown ? KindOf(kind, flags) : EntryKind.Unknown,
            Variant = VariantOf(flags),
            Architecture = isKnown ? new CudaArchitecture((int)(number / 10), (int)(number % 10)) : default,
            RawKind = kind,
            Flags = flags,
            UnpackedBytes = unpacked == 0 ? payload : unpacked,
        };
    }

    private static EntryKind KindOf(ushort kind, ulong flags) =>
        kind switch
        {
            FatbinFormat.Lto => EntryKind.LtoIr,
            FatbinFormat.Ptx or FatbinFormat.Cubin when (flags & FatbinFormat.ForLinking) != 0 => EntryKind.LtoIr,
            FatbinFormat.Ptx or FatbinFormat.Cubin when (flags & FatbinFormat.WithDebug) != 0 => EntryKind.Debug,
            FatbinFormat.Ptx => EntryKind.Ptx,
            FatbinFormat.Cubin => EntryKind.Cubin,
            _ => EntryKind.Unknown,
        };

    private static EntryVariant VariantOf(ulong flags) =>
        (flags & ~FatbinFormat.Neutral) switch
        {
            0 => EntryVariant.Plain,
            FatbinFormat.ChipOnly => EntryVariant.Specific,
            _ => EntryVariant.Unsure,
        };

    /// <summary>The next place that can begin a region: linkers and this program leave zeros between them.</summary>
    private long SkipZeros(long at, long end)
    {
        while (at < end)
        {
            var bytes = Bytes(at, (int)Math.Min(end - at, WindowBytes / 2));
            var rest = bytes.IndexOfAnyExcept((byte)0);
            if (rest >= 0)
            {
                return at + (rest & ~7);
            }

            at += bytes.Length;
        }

        return end;
    }

    private ReadOnlySpan<byte> Bytes(long at, int count)
    {
        if (at < _windowAt || at + count > _windowAt + _windowBytes)
        {
            // Headers lie apart: a short look is enough for most.
            var wanted = (int)Math.Min(Math.Max(count, 4096), Math.Min(_window.Length, _elf.Length - at));
            if (wanted < count || !ElfFile.TryRead(_file, _window.AsSpan(0, wanted), at))
            {
                throw TrimErrors.ChangedMeanwhile(_elf.Name);
            }

            (_windowAt, _windowBytes) = (at, wanted);
        }

        return _window.AsSpan((int)(at - _windowAt), count);
    }
}
