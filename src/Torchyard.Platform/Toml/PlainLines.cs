namespace Torchyard.Platform.Toml;

/// <summary>
/// The text of a file as this program would write it: without a byte order mark, lines ended by a line feed alone, and no empty lines at
/// the end. What git (<c>core.autocrlf</c>) and editors change of that is not a change of the text.
/// </summary>
internal static class PlainLines
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The text; the same bytes where nothing is to be done.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> text)
    {
        text = WithoutMark(text);
        var end = text.TrimEnd(" \t\r\n"u8);
        if (
            !text.Contains((byte)'\r')
            && (text.Length == end.Length + 1 || text.Length == 0)
            && (text.Length == 0 || text[^1] == (byte)'\n')
        )
        {
            return text;
        }

        var lines = LineFeeds(end);
        if (end.Length == 0)
        {
            return [];
        }

        byte[] plain = [.. lines, (byte)'\n'];
        return plain;
    }

    /// <summary>Without a byte order mark.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) =>
        text.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text;

    /// <summary>With a line feed at the end of each line; a file that was converted twice has several carriage returns there.</summary>
    public static ReadOnlySpan<byte> LineFeeds(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'\r'))
        {
            return text;
        }

        var result = new List<byte>(text.Length);
        for (var at = 0; at < text.Length; )
        {
            if (text[at] != (byte)'\r')
            {
                result.Add(text[at++]);
                continue;
            }

            while (at < text.Length && text[at] == (byte)'\r')
            {
                at++;
            }

            if (at == text.Length || text[at] != (byte)'\n')
            {
                result.Add((byte)'\n');
            }
        }

        return result.ToArray();
    }
}
