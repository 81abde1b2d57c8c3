using System.Buffers.Binary;
using System.Text;

namespace Torchyard.Trimming.Tests.Libraries;

/// <summary>
/// A made-up shared library as linkers lay one out: code and device code in a read-only segment, data in a second one, section headers at
/// the end. Each region has a pointer in the data and a relocation of it.
/// </summary>
internal sealed record TestLibrary
{
    private const int Page = 4096;
    private const int TextAt = 0x200;
    private const int TextBytes = 0x100;
    private const string Names = "\0.text\0.nv_fatbin\0.rela.dyn\0.data\0.shstrtab\0";

    public required IReadOnlyList<byte[]> Regions { get; init; }

    public ushort Machine { get; init; } = 62;

    /// <summary>Distance of addresses and offsets of the data, a multiple of the largest page.</summary>
    public long DataShift { get; init; } = 0x200000;

    public long Alignment { get; init; } = 0x200000;

    public bool IsProgram { get; init; }

    /// <summary>Added to where the first pointer points: anything but 0 is no region's beginning.</summary>
    public long Skew { get; init; }

    /// <summary>Addresses at which regions begin, which are their offsets, too.</summary>
    public IReadOnlyList<long> Starts
    {
        get
        {
            var starts = new List<long>();
            long at = DeviceCodeAt;
            foreach (var region in Regions)
            {
                starts.Add(at);
                at += region.Length;
            }

            return starts;
        }
    }

    private int DeviceCodeAt => TextAt + TextBytes + 24 * Regions.Count;

    public static TestLibrary Of(params TestEntry[][] regions) => new() { Regions = [.. regions.Select(TestEntry.Region)] };

    public byte[] Bytes()
    {
        var device = Regions.SelectMany(region => region).ToArray();
        var readOnly = DeviceCodeAt + device.Length + 64;
        var dataAt = (readOnly + Page - 1) / Page * Page;
        var data = new byte[8 * Regions.Count + 100];
        data.AsSpan(8 * Regions.Count).Fill(0x77);
        var namesAt = dataAt + data.Length;
        var sectionsAt = (namesAt + Names.Length + 7) / 8 * 8;
        var file = new byte[sectionsAt + 6 * 64];
        Header(file, sectionsAt);
        Segment(file, 0, type: 1, flags: 5, at: 0, address: 0, size: readOnly, memory: readOnly, Alignment);
        Segment(
            file,
            1,
            type: 1,
            flags: 6,
            at: dataAt,
            address: dataAt + DataShift,
            size: data.Length,
            memory: data.Length + 500,
            Alignment
        );
        Segment(
            file,
            2,
            type: IsProgram ? 3u : 0x6474e551,
            flags: 6,
            at: IsProgram ? TextAt : 0,
            address: IsProgram ? TextAt : 0,
            size: IsProgram ? 8 : 0,
            memory: 0,
            16
        );
        file.AsSpan(TextAt, TextBytes).Fill(0x90);
        for (var index = 0; index < Regions.Count; index++)
        {
            var relocation = file.AsSpan(TextAt + TextBytes + 24 * index);
            BinaryPrimitives.WriteInt64LittleEndian(relocation, dataAt + DataShift + 8 * index);
            BinaryPrimitives.WriteInt64LittleEndian(relocation[8..], Machine == 62 ? 8 : 1027);
            BinaryPrimitives.WriteInt64LittleEndian(relocation[16..], Starts[index] + (index == 0 ? Skew : 0));
        }

        device.CopyTo(file, DeviceCodeAt);
        file.AsSpan(DeviceCodeAt + device.Length, 64).Fill(0x55);
        data.CopyTo(file, dataAt);
        Encoding.ASCII.GetBytes(Names).CopyTo(file, namesAt);
        Section(file, sectionsAt, 1, ".text", type: 1, flags: 6, TextAt, TextAt, TextBytes, entry: 0);
        Section(file, sectionsAt, 2, ".rela.dyn", type: 4, flags: 2, TextAt + TextBytes, TextAt + TextBytes, 24 * Regions.Count, entry: 24);
        Section(file, sectionsAt, 3, ".nv_fatbin", type: 1, flags: 2, DeviceCodeAt, DeviceCodeAt, device.Length, entry: 0);
        Section(file, sectionsAt, 4, ".data", type: 1, flags: 3, dataAt, dataAt + DataShift, data.Length, entry: 0);
        Section(file, sectionsAt, 5, ".shstrtab", type: 3, flags: 0, namesAt, 0, Names.Length, entry: 0);
        return file;
    }

    private void Header(byte[] file, int sectionsAt)
    {
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), Machine);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(40), sectionsAt);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(52), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), 3);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(58), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(60), 6);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(62), 5);
    }

    private static void Segment(byte[] file, int index, uint type, uint flags, long at, long address, long size, long memory, long align)
    {
        var header = file.AsSpan(64 + 56 * index, 56);
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], flags);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], at);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], address);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], address);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], size);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], memory);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], align);
    }

    private static void Section(
        byte[] file,
        int table,
        int index,
        string name,
        uint type,
        ulong flags,
        long at,
        long address,
        long size,
        long entry
    )
    {
        var header = file.AsSpan(table + 64 * index, 64);
        BinaryPrimitives.WriteInt32LittleEndian(header, Names.IndexOf(name + "\0", StringComparison.Ordinal));
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], flags);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], address);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], at);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], size);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], 8);
        BinaryPrimitives.WriteInt64LittleEndian(header[56..], entry);
    }
}
