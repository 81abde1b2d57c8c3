using System.Buffers.Binary;
using System.Text;

namespace Torchyard.Fuzz.Engine;

/// <summary>Makes inputs out of others: bytes, numbers, words of the format, pieces moved, repeated and exchanged.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<string> words, int longest)
{
    private static readonly string[] Numbers =
    [
        "0",
        "-1",
        "1",
        "127",
        "255",
        "256",
        "65535",
        "65536",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "99999999999999999999999999",
        "1e309",
        "00",
        "0x10",
        "٣",
        "７",
    ];

    private static readonly string[] Stray =
    [
        "\0",
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "\u00a0",
        "\u2028",
        "\ufeff",
        "\u0085",
        "\x1b[2J",
        "\x1b]0;x\x07",
        "\u202e",
        "é",
        "𝄞",
        "\ud800",
        "..",
        "../",
        "/",
        "//",
        "\\",
        "'",
        "\"",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "=",
        ":",
        ";",
        ",",
        "#",
        "%00",
        "$",
        "`",
        "~",
        "*",
        "@",
        "!",
        "&amp;",
        "null",
        "true",
        "{}",
        "[]",
    ];

    private static readonly ulong[] Interesting =
    [
        0,
        1,
        2,
        7,
        8,
        16,
        63,
        64,
        127,
        128,
        255,
        256,
        511,
        512,
        4096,
        32767,
        32768,
        65535,
        65536,
        0x7FFFFFFF,
        0x80000000,
        0xFFFFFFFE,
        0xFFFFFFFF,
        0x100000000,
        0x7FFFFFFFFFFFFFFF,
        0x8000000000000000,
        0xFFFFFFFFFFFFFFFF,
        0xFFFFFFFFFFFFFFC0,
    ];

    private readonly byte[][] _words = [.. words.Select(Encoding.UTF8.GetBytes)];
    private readonly byte[][] _stray = [.. Stray.Concat(Numbers).Select(Encoding.UTF8.GetBytes)];

    /// <summary>Another input.</summary>
    /// <param name="seed">What it is made from.</param>
    /// <param name="other">What pieces come from.</param>
    public byte[] Make(byte[] seed, byte[] other)
    {
        var bytes = new List<byte>(seed);
        for (var step = 1 << random.Next(5); step > 0; step--)
        {
            Change(bytes, other);
        }

        return bytes.Count > longest ? [.. bytes[..longest]] : [.. bytes];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        if (bytes.Count == 0)
        {
            Insert(bytes, 0, Word());
            return;
        }

        var at = random.Next(bytes.Count);
        switch (random.Next(13))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes[at] = (byte)(bytes[at] + random.Next(-8, 9));
                break;
            case 3:
                SetNumber(bytes, at);
                break;
            case 4:
            case 5:
                Insert(bytes, at, Word());
                break;
            case 6:
                Replace(bytes, at, Word());
                break;
            case 7:
                bytes.RemoveRange(at, Length(bytes.Count - at));
                break;
            case 8:
                Insert(bytes, random.Next(bytes.Count + 1), bytes.GetRange(at, Length(bytes.Count - at)));
                break;
            case 9:
                Repeat(bytes, at);
                break;
            case 10:
                ReplaceDigits(bytes, at);
                break;
            case 11 when other.Length > 0:
                Splice(bytes, at, other);
                break;
            default:
                ChangeLine(bytes, at);
                break;
        }
    }

    private byte[] Word() =>
        _words.Length > 0 && random.Next(3) > 0 ? _words[random.Next(_words.Length)] : _stray[random.Next(_stray.Length)];

    // Short pieces mostly, and sometimes all.
    private int Length(int most) =>
        most == 0 ? 0
        : random.Next(8) == 0 ? random.Next(1, most + 1)
        : random.Next(1, Math.Min(most, 16) + 1);

    private void Insert(List<byte> bytes, int at, IReadOnlyCollection<byte> piece)
    {
        if (bytes.Count + piece.Count <= longest)
        {
            bytes.InsertRange(at, piece);
        }
    }

    private static void Replace(List<byte> bytes, int at, byte[] piece)
    {
        for (var index = 0; index < piece.Length && at + index < bytes.Count; index++)
        {
            bytes[at + index] = piece[index];
        }
    }

    private void SetNumber(List<byte> bytes, int at)
    {
        Span<byte> number = stackalloc byte[8];
        var width = 1 << random.Next(4);
        var value = Interesting[random.Next(Interesting.Length)];
        if (random.Next(2) == 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(number, value << (64 - (8 * width)));
        }

        for (var index = 0; index < width && at + index < bytes.Count; index++)
        {
            bytes[at + index] = number[index];
        }
    }

    private void Repeat(List<byte> bytes, int at)
    {
        var piece = bytes.GetRange(at, Length(bytes.Count - at));
        var times = 1 << random.Next(10);
        for (var time = 0; time < times && bytes.Count + piece.Count <= longest; time++)
        {
            bytes.InsertRange(at, piece);
        }
    }

    private void ReplaceDigits(List<byte> bytes, int at)
    {
        var start = bytes.FindIndex(at, static value => char.IsAsciiDigit((char)value));
        if (start < 0)
        {
            return;
        }

        var end = start;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end]))
        {
            end++;
        }

        bytes.RemoveRange(start, end - start);
        Insert(bytes, start, Encoding.UTF8.GetBytes(Numbers[random.Next(Numbers.Length)]));
    }

    private void Splice(List<byte> bytes, int at, byte[] other)
    {
        var from = random.Next(other.Length);
        var length = Length(other.Length - from);
        if (random.Next(2) == 0)
        {
            bytes.RemoveRange(at, Math.Min(length, bytes.Count - at));
        }

        Insert(bytes, at, other[from..(from + length)]);
    }

    // The line at a place is removed, doubled or exchanged with the first.
    private void ChangeLine(List<byte> bytes, int at)
    {
        var start = bytes.LastIndexOf((byte)'\n', at) + 1;
        var next = bytes.IndexOf((byte)'\n', at);
        var end = next < 0 ? bytes.Count : next + 1;
        if (start >= end)
        {
            return;
        }

        var line = bytes.GetRange(start, end - start);
        switch (random.Next(3))
        {
            case 0:
                bytes.RemoveRange(start, end - start);
                break;
            case 1:
                Insert(bytes, end, line);
                break;
            default:
                bytes.RemoveRange(start, end - start);
                bytes.InsertRange(0, line);
                break;
        }
    }
}
