using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Torchyard.Platform.Compression;

/// <summary>CRC-32 of ISO 3309, as zip and gzip use it.</summary>
public static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>Goes on from the CRC of what came before (0 for nothing).</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        if (data.Length >= 128 && Pclmulqdq.IsSupported && Sse41.IsSupported)
        {
            var whole = data.Length & ~15;
            crc = Fold(crc, data[..whole]);
            data = data[whole..];
        }

        return ~AppendByTable(crc, data);
    }

    /// <summary>The same without the processor's carry-less multiplication.</summary>
    internal static uint AppendByTable(uint crc, ReadOnlySpan<byte> data)
    {
        while (data.Length >= 8)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc =
                Table[(7 << 8) | (byte)low]
                ^ Table[(6 << 8) | (byte)(low >> 8)]
                ^ Table[(5 << 8) | (byte)(low >> 16)]
                ^ Table[(4 << 8) | (int)(low >> 24)]
                ^ Table[(3 << 8) | (byte)high]
                ^ Table[(2 << 8) | (byte)(high >> 8)]
                ^ Table[(1 << 8) | (byte)(high >> 16)]
                ^ Table[(int)(high >> 24)];
            data = data[8..];
        }

        foreach (var b in data)
        {
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return crc;
    }

    /// <summary>
    /// Folding by carry-less multiplication: Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction"
    /// (Intel, 2009), with its constants for this polynomial. At least 64 bytes, a multiple of 16.
    /// </summary>
    private static uint Fold(uint crc, ReadOnlySpan<byte> data)
    {
        var by512 = Vector128.Create(0x0154442bd4UL, 0x01c6e41596UL);
        var by128 = Vector128.Create(0x01751997d0UL, 0x00ccaa009eUL);
        var to64 = Vector128.Create(0x0163cd6124UL, 0UL);
        var reduction = Vector128.Create(0x01db710641UL, 0x01f7011641UL);
        var low32 = Vector128.Create(0xFFFFFFFFUL, 0xFFFFFFFFUL);

        var a = Load(data, 0) ^ Vector128.CreateScalar((ulong)crc);
        var b = Load(data, 16);
        var c = Load(data, 32);
        var d = Load(data, 48);
        var at = 64;
        for (; at + 64 <= data.Length; at += 64)
        {
            a = Step(a, by512) ^ Load(data, at);
            b = Step(b, by512) ^ Load(data, at + 16);
            c = Step(c, by512) ^ Load(data, at + 32);
            d = Step(d, by512) ^ Load(data, at + 48);
        }

        a = Step(a, by128) ^ b;
        a = Step(a, by128) ^ c;
        a = Step(a, by128) ^ d;
        for (; at < data.Length; at += 16)
        {
            a = Step(a, by128) ^ Load(data, at);
        }

        // 128 bits to 64, then to 32 by Barrett's reduction.
        a = Sse2.ShiftRightLogical128BitLane(a, 8) ^ Pclmulqdq.CarrylessMultiply(a, by128, 0x10);
        a = Sse2.ShiftRightLogical128BitLane(a, 4) ^ Pclmulqdq.CarrylessMultiply(a & low32, to64, 0x00);
        var quotient = Pclmulqdq.CarrylessMultiply(a & low32, reduction, 0x10) & low32;
        a ^= Pclmulqdq.CarrylessMultiply(quotient, reduction, 0x00);
        return Sse41.Extract(a.AsUInt32(), 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Step(Vector128<ulong> value, Vector128<ulong> by) =>
        Pclmulqdq.CarrylessMultiply(value, by, 0x00) ^ Pclmulqdq.CarrylessMultiply(value, by, 0x11);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Load(ReadOnlySpan<byte> data, int at) => MemoryMarshal.Read<Vector128<ulong>>(data[at..]);

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
