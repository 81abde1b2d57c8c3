using System.Text;

namespace Torchyard.Images.Tar;

/// <summary>The fields of a 512-byte header block (POSIX.1-1988 ustar; GNU's base-256 numbers).</summary>
internal static class TarField
{
    internal const int BlockSize = 512;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a number: octal digits ended by NUL or space, or base-256 when the first bit is set.</summary>
    internal static long Number(ReadOnlySpan<byte> field, string what)
    {
        if ((field[0] & 0x80) != 0)
        {
            long wide = field[0] & 0x7F;
            foreach (var part in field[1..])
            {
                if (wide >= 1L << 54)
                {
                    throw new TarFormatException($"{what} is negative or too large");
                }

                wide = wide << 8 | part;
            }

            return wide;
        }

        var text = field.TrimStart((byte)' ').TrimEnd("\0 "u8);
        long value = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value >= 1L << 58)
            {
                throw new TarFormatException($"{what} is not an octal number");
            }

            value = value << 3 | (uint)(digit - '0');
        }

        return value;
    }

    /// <summary>Reads text that ends at NUL or with the field.</summary>
    internal static string Text(ReadOnlySpan<byte> field, string what)
    {
        var end = field.IndexOf((byte)0);
        try
        {
            return StrictUtf8.GetString(end < 0 ? field : field[..end]);
        }
        catch (DecoderFallbackException)
        {
            throw new TarFormatException($"{what} is not UTF-8");
        }
    }

    /// <summary>Sum of the header's bytes with the checksum field taken as spaces.</summary>
    internal static int Checksum(ReadOnlySpan<byte> header)
    {
        var sum = 8 * ' ';
        for (var index = 0; index < BlockSize; index++)
        {
            if (index is < 148 or >= 156)
            {
                sum += header[index];
            }
        }

        return sum;
    }
}
