namespace Torchyard.Platform.Compression.Deflate;

/// <summary>The symbols of deflate (RFC 1951 sections 3.2.5 to 3.2.7) as entries of decoding tables, without code lengths.</summary>
internal static class DeflateCodes
{
    public const int LiteralLengths = 288;
    public const int Distances = 32;
    public const int CodeLengths = 19;
    public const int EndOfBlockSymbol = 256;

    /// <summary>Literals, end of block, and lengths: base in bits 16 to 24, extra bits in the low byte.</summary>
    public static readonly uint[] LiteralLengthResults = MakeLiteralLengths();

    /// <summary>Distances: base in bits 16 to 31, extra bits in the low byte.</summary>
    public static readonly uint[] DistanceResults = MakeDistances();

    /// <summary>Code lengths: the symbol in bits 16 to 23.</summary>
    public static readonly uint[] CodeLengthResults = MakeCodeLengths();

    /// <summary>Order in which a block lists the lengths of the code for code lengths.</summary>
    public static ReadOnlySpan<byte> CodeLengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>Code lengths of blocks with fixed codes (section 3.2.6).</summary>
    public static void FixedLengths(Span<byte> literalLengths, Span<byte> distances)
    {
        literalLengths[..144].Fill(8);
        literalLengths[144..256].Fill(9);
        literalLengths[256..280].Fill(7);
        literalLengths[280..].Fill(8);
        distances.Fill(5);
    }

    private static uint[] MakeLiteralLengths()
    {
        var results = new uint[LiteralLengths];
        for (var literal = 0u; literal < 256; literal++)
        {
            results[literal] = HuffmanTable.Literal | (literal << 16);
        }

        results[EndOfBlockSymbol] = HuffmanTable.Exceptional | HuffmanTable.EndOfBlock;
        var length = 3u;
        for (var symbol = 257; symbol < 285; symbol++)
        {
            var extra = symbol < 265 ? 0 : (symbol - 261) / 4;
            results[symbol] = (length << 16) | (uint)extra;
            length += 1u << extra;
        }

        results[285] = 258u << 16;
        // 286 and 287 have fixed codes but no meaning.
        results[286] = results[287] = HuffmanTable.Exceptional;
        return results;
    }

    private static uint[] MakeDistances()
    {
        var results = new uint[Distances];
        var distance = 1u;
        for (var symbol = 0; symbol < 30; symbol++)
        {
            var extra = symbol < 4 ? 0 : (symbol - 2) / 2;
            results[symbol] = (distance << 16) | (uint)extra;
            distance += 1u << extra;
        }

        results[30] = results[31] = HuffmanTable.Exceptional;
        return results;
    }

    private static uint[] MakeCodeLengths()
    {
        var results = new uint[CodeLengths];
        for (var symbol = 0u; symbol < CodeLengths; symbol++)
        {
            results[symbol] = symbol << 16;
        }

        return results;
    }
}
