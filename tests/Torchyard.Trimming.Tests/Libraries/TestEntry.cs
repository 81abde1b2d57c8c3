using System.Buffers.Binary;

namespace Torchyard.Trimming.Tests.Libraries;

/// <summary>An entry of a made-up fatbin.</summary>
internal sealed record TestEntry
{
    public ushort Kind { get; init; } = 2;

    public uint Architecture { get; init; } = 90;

    public ulong Flags { get; init; } = 0x11;

    public ushort Version { get; init; } = 0x101;

    public int HeaderBytes { get; init; } = 64;

    public int Payload { get; init; } = 256;

    public byte Fill { get; init; } = 0xAB;

    public static TestEntry Cubin(uint architecture, int payload = 256, ulong flags = 0x8011) =>
        new()
        {
            Architecture = architecture,
            Payload = payload,
            Flags = flags,
            Fill = (byte)architecture,
        };

    public static TestEntry Ptx(uint architecture, int payload = 256, ulong flags = 0x2011) =>
        Cubin(architecture, payload, flags) with
        {
            Kind = 1,
        };

    public byte[] Bytes()
    {
        var bytes = new byte[HeaderBytes + Payload];
        bytes.AsSpan(HeaderBytes).Fill(Fill);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, Kind);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), Payload);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Math.Max(0, Payload - 3));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(24), 7);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(26), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), Architecture);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), Flags);
        return bytes;
    }

    public static byte[] Region(params TestEntry[] entries)
    {
        var payload = entries.SelectMany(entry => entry.Bytes()).ToArray();
        var region = new byte[16 + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(region, 0xBA55ED50);
        BinaryPrimitives.WriteUInt16LittleEndian(region.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(region.AsSpan(6), 16);
        BinaryPrimitives.WriteInt64LittleEndian(region.AsSpan(8), payload.Length);
        payload.CopyTo(region, 16);
        return region;
    }
}
