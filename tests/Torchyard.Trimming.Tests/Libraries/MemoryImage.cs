using System.Buffers.Binary;

namespace Torchyard.Trimming.Tests.Libraries;

/// <summary>
/// A library as the loader maps it, read without the code under test: what is at an address, and which device code a region has.
/// </summary>
internal sealed class MemoryImage
{
    private readonly byte[] _file;
    private readonly List<(long Offset, long Address, long Bytes, long Memory, long Alignment)> _segments = [];

    public MemoryImage(byte[] file)
    {
        _file = file;
        var at = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(32));
        for (var index = 0; index < BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(56)); index++)
        {
            var header = file.AsSpan(at + 56 * index, 56);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == 1)
            {
                _segments.Add((Number(header, 8), Number(header, 16), Number(header, 32), Number(header, 40), Number(header, 48)));
            }
        }
    }

    public int Segments => _segments.Count;

    /// <summary>All addresses of which the file has the byte.</summary>
    public IEnumerable<long> Addresses =>
        _segments.SelectMany(segment => Enumerable.Range(0, (int)segment.Bytes).Select(at => segment.Address + at));

    /// <summary>The last address that is mapped.</summary>
    public long End => _segments.Max(segment => segment.Address + segment.Memory);

    /// <summary>
    /// What glibc's loader refuses (elf/dl-load.c): offsets and addresses that differ within a page, segments out of order.
    /// </summary>
    public bool IsLoadable(long page) =>
        _segments.All(segment =>
            segment.Alignment % page == 0
            && (segment.Address - segment.Offset) % segment.Alignment == 0
            && segment.Offset + segment.Bytes <= _file.Length
            && segment.Memory >= segment.Bytes
        ) && _segments.Zip(_segments.Skip(1)).All(pair => pair.First.Address + pair.First.Memory <= pair.Second.Address / page * page);

    /// <summary>The byte at an address; null where no file is mapped.</summary>
    public byte? At(long address)
    {
        foreach (var segment in _segments)
        {
            if (address >= segment.Address && address < segment.Address + segment.Bytes)
            {
                return _file[segment.Offset + address - segment.Address];
            }
        }

        return null;
    }

    /// <summary>The entries of a region, each with header and payload in hexadecimal.</summary>
    public IReadOnlyList<string> Entries(long region)
    {
        var header = Read(region, 16);
        Assert.Equal(0xBA55ED50u, BinaryPrimitives.ReadUInt32LittleEndian(header));
        var end = region + 16 + Number(header, 8);
        var entries = new List<string>();
        for (var at = region + 16; at < end; )
        {
            var start = Read(at, 16);
            var bytes = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(4)) + (int)Number(start, 8);
            entries.Add(Convert.ToHexString(Read(at, bytes)));
            at += bytes;
        }

        return entries;
    }

    private byte[] Read(long address, int bytes) =>
        [
            .. Enumerable
                .Range(0, bytes)
                .Select(index => At(address + index) ?? throw new InvalidDataException($"0x{address + index:x} is gone")),
        ];

    private static long Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
