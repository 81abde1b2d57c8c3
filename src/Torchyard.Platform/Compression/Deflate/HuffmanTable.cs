using System.Numerics;

namespace Torchyard.Platform.Compression.Deflate;

/// <summary>
/// Decoding table of a canonical Huffman code (RFC 1951 section 3.2.2): one look-up for codes of up to <c>tableBits</c> bits, a second one
/// in a subtable for longer ones. The tables and how they are filled follow libdeflate (MIT), which is about the fastest decoder known.
/// </summary>
internal static unsafe class HuffmanTable
{
    /// <summary>Longest code in bits.</summary>
    public const int MaxBits = 15;

    /// <summary>The entry is a literal: its value in bits 16 to 23, the length of its code in the low byte.</summary>
    public const uint Literal = 0x8000_0000;

    /// <summary>The entry is neither a literal nor a length or distance: one of the two below, or a code that is not in use.</summary>
    public const uint Exceptional = 0x8000;

    /// <summary>The entry points to a subtable: its start in bits 16 to 30, its bits in bits 8 to 11.</summary>
    public const uint Subtable = 0x4000;

    /// <summary>The entry ends the block.</summary>
    public const uint EndOfBlock = 0x2000;

    /// <summary>Fills a table.</summary>
    /// <param name="table">Entries: large enough for the code ("enough" of zlib for these bits).</param>
    /// <param name="tableBits">Bits of the first look-up.</param>
    /// <param name="lengths">Code length of each symbol; 0 for one that is not used.</param>
    /// <param name="results">What each symbol stands for.</param>
    /// <param name="sorted">Room for the symbols.</param>
    /// <param name="mayBeIncomplete">True to let a code with no symbol, or with a single one of one bit, pass, as zlib does.</param>
    /// <exception cref="InvalidDataException">The lengths make no prefix code, or an incomplete one.</exception>
    public static void Build(
        uint* table,
        int tableBits,
        ReadOnlySpan<byte> lengths,
        ReadOnlySpan<uint> results,
        ushort* sorted,
        bool mayBeIncomplete
    )
    {
        Span<int> counts = stackalloc int[MaxBits + 1];
        Span<int> offsets = stackalloc int[MaxBits + 2];
        counts.Clear();
        foreach (var length in lengths)
        {
            counts[length]++;
        }

        counts[0] = 0;
        offsets[1] = 0;
        var used = 0;
        for (var length = 1; length <= MaxBits; length++)
        {
            offsets[length + 1] = offsets[length] + counts[length];
            used = (used << 1) + counts[length];
        }

        if (used > 1 << MaxBits)
        {
            throw new InvalidDataException("deflate: a code has too many symbols");
        }

        for (var symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] != 0)
            {
                sorted[offsets[lengths[symbol]]++] = (ushort)symbol;
            }
        }

        if (used < 1 << MaxBits)
        {
            // Only a code with one symbol, or a distance code without any, may leave something out (RFC 1951 section 3.2.7).
            if (!mayBeIncomplete || (used != 0 && (used != 1 << (MaxBits - 1) || counts[1] != 1)))
            {
                throw new InvalidDataException("deflate: a code is incomplete");
            }

            new Span<uint>(table, 1 << tableBits).Fill(Exceptional);
            for (var index = 0; used != 0 && index < 1 << tableBits; index += 2)
            {
                table[index] = Entry(results[sorted[0]], 1);
            }

            return;
        }

        FillComplete(table, tableBits, counts, results, sorted);
    }

    private static void FillComplete(uint* table, int tableBits, ReadOnlySpan<int> counts, ReadOnlySpan<uint> results, ushort* sorted)
    {
        // Codes are met in order of length; the code itself is kept with its bits reversed, as deflate stores it.
        uint code = 0;
        var length = 1;
        while (counts[length] == 0)
        {
            length++;
        }

        var count = counts[length];
        var end = 1u << length;
        while (length <= tableBits)
        {
            do
            {
                table[code] = Entry(results[*sorted++], length);
                if (code == end - 1)
                {
                    for (; length < tableBits; length++)
                    {
                        Double(table, ref end);
                    }

                    return;
                }

                code = Next(code, end);
            } while (--count > 0);

            do
            {
                if (++length <= tableBits)
                {
                    Double(table, ref end);
                }
            } while ((count = counts[length]) == 0);
        }

        FillSubtables(table, tableBits, counts, results, sorted, code, length, count);
    }

    private static void FillSubtables(
        uint* table,
        int tableBits,
        ReadOnlySpan<int> counts,
        ReadOnlySpan<uint> results,
        ushort* sorted,
        uint code,
        int length,
        int count
    )
    {
        var mask = (1u << tableBits) - 1;
        var end = 1u << tableBits;
        var prefix = uint.MaxValue;
        uint start = 0;
        while (true)
        {
            if ((code & mask) != prefix)
            {
                prefix = code & mask;
                start = end;
                var bits = length - tableBits;
                var used = count;
                while (used < 1 << bits)
                {
                    bits++;
                    used = (used << 1) + counts[tableBits + bits];
                }

                end = start + (1u << bits);
                table[prefix] = (start << 16) | Exceptional | Subtable | ((uint)bits << 8) | (uint)tableBits;
            }

            var entry = Entry(results[*sorted++], length - tableBits);
            for (var index = start + (code >> tableBits); index < end; index += 1u << (length - tableBits))
            {
                table[index] = entry;
            }

            if (code == (1u << length) - 1)
            {
                return;
            }

            code = Next(code, 1u << length);
            count--;
            while (count == 0)
            {
                count = counts[++length];
            }
        }
    }

    /// <summary>Code length in bits 8 to 11, and all bits to take from the input (code and extra bits) in the low byte.</summary>
    private static uint Entry(uint result, int length) => result + ((uint)length << 8) + (uint)length;

    /// <summary>The next code of the same length, bits reversed: add one at the top.</summary>
    private static uint Next(uint code, uint end)
    {
        var bit = 1u << BitOperations.Log2(code ^ (end - 1));
        return (code & (bit - 1)) | bit;
    }

    private static void Double(uint* table, ref uint end)
    {
        Buffer.MemoryCopy(table, table + end, end * sizeof(uint), end * sizeof(uint));
        end <<= 1;
    }
}
