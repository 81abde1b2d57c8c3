namespace Torchyard.Packages.Python.Zip;

/// <summary>CRC-32 of ISO 3309, as zip and gzip use it. Only stored entries need it here: a deflated one is checked by the decoder.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>Goes on from the CRC of what came before (0 for nothing).</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        while (data.Length >= 8)
        {
            var low = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var high = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = Table[(7 << 8) | (byte)low] ^ Table[(6 << 8) | (byte)(low >> 8)]
                ^ Table[(5 << 8) | (byte)(low >> 16)] ^ Table[(4 << 8) | (int)(low >> 24)]
                ^ Table[(3 << 8) | (byte)high] ^ Table[(2 << 8) | (byte)(high >> 8)]
                ^ Table[(1 << 8) | (byte)(high >> 16)] ^ Table[(int)(high >> 24)];
            data = data[8..];
        }

        foreach (var b in data)
        {
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }

    /// <summary>Eight tables for eight bytes at a time ("slicing by 8").</summary>
    private static uint[] MakeTable()
    {
        var table = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
            }

            table[i] = crc;
        }

        for (var i = 256; i < table.Length; i++)
        {
            table[i] = table[table[i - 256] & 0xff] ^ (table[i - 256] >> 8);
        }

        return table;
    }
}
