using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Torchyard.Platform.Compression;

namespace Torchyard.Packages.Tests.Python.Zip;

/// <summary>An entry of <see cref="RawZip"/>; what is null is as it should be.</summary>
internal sealed record RawEntry(string Name, byte[] Content)
{
    public ushort Method { get; init; } = 8;

    public ushort Flags { get; init; }

    public ushort UnixMode { get; init; } = 0x81A4;

    public string? LocalName { get; init; }

    public ushort? LocalMethod { get; init; }

    public ushort LocalExtraLength { get; init; }

    public uint? Size { get; init; }

    public uint? CompressedSize { get; init; }

    public uint? Crc { get; init; }

    public byte[] CentralExtra { get; init; } = [];

    /// <summary>Bytes behind the data, such as a data descriptor.</summary>
    public byte[] After { get; init; } = [];
}

/// <summary>Writes zip archives byte by byte, with any lie that a test wants.</summary>
internal static class RawZip
{
    public static byte[] Build(params RawEntry[] entries) => Build([], [], entries);

    public static byte[] Build(byte[] prefix, byte[] comment, params RawEntry[] entries)
    {
        var archive = new List<byte>(prefix);
        var directory = new List<byte>();
        foreach (var entry in entries)
        {
            var data = entry.Method == 8 ? Deflate(entry.Content) : entry.Content;
            var crc = entry.Crc ?? Crc32.Append(0, entry.Content);
            var offset = (uint)(archive.Count - prefix.Length);
            var name = Encoding.UTF8.GetBytes(entry.Name);
            var localName = Encoding.UTF8.GetBytes(entry.LocalName ?? entry.Name);
            archive.AddRange(
                Fields(
                    (4, 0x04034b50),
                    (2, 20),
                    (2, entry.Flags),
                    (2, entry.LocalMethod ?? entry.Method),
                    (4, 0),
                    (4, crc),
                    (4, (uint)data.Length),
                    (4, (uint)entry.Content.Length),
                    (2, (uint)localName.Length),
                    (2, entry.LocalExtraLength)
                )
            );
            archive.AddRange(localName);
            archive.AddRange(data);
            archive.AddRange(entry.After);
            directory.AddRange(
                Fields(
                    (4, 0x02014b50),
                    (2, 0x0314),
                    (2, 20),
                    (2, entry.Flags),
                    (2, entry.Method),
                    (4, 0),
                    (4, crc),
                    (4, entry.CompressedSize ?? (uint)data.Length),
                    (4, entry.Size ?? (uint)entry.Content.Length),
                    (2, (uint)name.Length),
                    (2, (uint)entry.CentralExtra.Length),
                    (2, 0),
                    (2, 0),
                    (2, 0),
                    (4, (uint)entry.UnixMode << 16),
                    (4, offset)
                )
            );
            directory.AddRange(name);
            directory.AddRange(entry.CentralExtra);
        }

        var start = (uint)(archive.Count - prefix.Length);
        archive.AddRange(directory);
        archive.AddRange(End((ushort)entries.Length, (uint)directory.Count, start, comment));
        return [.. archive];
    }

    public static byte[] End(ushort count, uint size, uint offset, byte[] comment) =>
        [.. Fields((4, 0x06054b50), (2, 0), (2, 0), (2, count), (2, count), (4, size), (4, offset), (2, (uint)comment.Length)), .. comment];

    public static byte[] Zip64Extra(params long[] values)
    {
        var extra = new byte[4 + 8 * values.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), (ushort)(8 * values.Length));
        for (var index = 0; index < values.Length; index++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(4 + 8 * index), values[index]);
        }

        return extra;
    }

    public static byte[] Deflate(byte[] content)
    {
        using var buffer = new MemoryStream();
        using (var stream = new DeflateStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(content);
        }

        return content.Length > 0 ? buffer.ToArray() : [3, 0];
    }

    public static byte[] Fields(params (int Size, uint Value)[] fields)
    {
        var bytes = new List<byte>();
        foreach (var (size, value) in fields)
        {
            for (var index = 0; index < size; index++)
            {
                bytes.Add((byte)(value >> (8 * index)));
            }
        }

        return [.. bytes];
    }
}
