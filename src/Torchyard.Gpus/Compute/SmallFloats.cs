namespace Torchyard.Gpus.Compute;

/// <summary>The narrow floating-point formats that .NET does not have.</summary>
internal static class SmallFloats
{
    /// <summary>bfloat16: the upper half of a float, rounded to nearest, ties to even.</summary>
    public static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    public static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>OCP 8-bit E4M3: bias 7, no infinities, largest 448, NaN at S.1111.111 (OFP8 specification 1.0).</summary>
    public static double FromE4M3(byte bits)
    {
        var exponent = (bits >> 3) & 15;
        var mantissa = bits & 7;
        if (exponent == 15 && mantissa == 7)
        {
            return double.NaN;
        }

        var magnitude = exponent == 0 ? mantissa * Math.ScaleB(1, -9) : Math.ScaleB(8 + mantissa, exponent - 10);
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    /// <summary>OCP 8-bit E5M2: bias 15, infinities and NaN as in IEEE 754 (OFP8 specification 1.0).</summary>
    public static double FromE5M2(byte bits)
    {
        var exponent = (bits >> 2) & 31;
        var mantissa = bits & 3;
        if (exponent == 31)
        {
            return mantissa != 0 ? double.NaN
                : (bits & 0x80) != 0 ? double.NegativeInfinity
                : double.PositiveInfinity;
        }

        var magnitude = exponent == 0 ? mantissa * Math.ScaleB(1, -16) : Math.ScaleB(4 + mantissa, exponent - 17);
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    /// <summary>The code whose value is nearest, ties to the even code; a search over all 256 is fast enough for a table.</summary>
    public static byte Nearest(double value, Func<byte, double> decode)
    {
        byte best = 0;
        var distance = double.PositiveInfinity;
        for (var code = 0; code < 256; code++)
        {
            var candidate = decode((byte)code);
            if (!double.IsFinite(candidate) || (candidate == 0 && code != 0))
            {
                continue;
            }

            var away = Math.Abs(candidate - value);
            if (away < distance || (away == distance && (code & 1) == 0))
            {
                (best, distance) = ((byte)code, away);
            }
        }

        return best;
    }
}
