using System.Globalization;

namespace Torchyard.Mirror.Requests;

/// <summary>
/// One range of bytes that a client wants (RFC 9110, section 14.1.2). Several at once, other units and what cannot be read say nothing, as
/// that section allows: then all is sent.
/// </summary>
/// <param name="First">First byte; null where the last so many are wanted.</param>
/// <param name="Last">Last byte, which is within; null for all that follow. Without a first byte: how many at the end.</param>
internal readonly record struct ByteRange(long? First, long? Last)
{
    private const string Unit = "bytes=";

    /// <summary>Reads the header; null when it is to be ignored.</summary>
    public static ByteRange? Parse(string? header)
    {
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var text = header.AsSpan(Unit.Length).Trim(" \t");
        var dash = text.IndexOf('-');
        if (dash < 0 || text.Contains(',') || !TryRead(text[..dash], out var first) || !TryRead(text[(dash + 1)..], out var last))
        {
            return null;
        }

        return (first is null && last is null) || last < first ? null : new ByteRange(first, last);
    }

    /// <summary>Which bytes of so many these are; null when none of them are.</summary>
    /// <returns>First byte, and how many.</returns>
    public (long First, long Length)? Of(long total)
    {
        var (first, end) = First is { } from
            ? (from, Last is { } last && last < total ? last + 1 : total)
            : (Math.Max(0, total - Last!.Value), total);
        return first < end ? (first, end - first) : null;
    }

    /// <summary>Reads <c>FIRST-LAST</c>, as the Content-Range of a chunk of an upload has it, with or without a unit.</summary>
    public static ByteRange? ParseChunk(string? header)
    {
        if (header is null)
        {
            return null;
        }

        var text = header.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase) ? header["bytes ".Length..] : header;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        text = slash < 0 ? text : text[..slash];
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && TryRead(text.AsSpan(0, dash), out var first) && TryRead(text.AsSpan(dash + 1), out var last) && last >= first
            ? new ByteRange(first, last)
            : null;
    }

    private static bool TryRead(ReadOnlySpan<char> text, out long? value)
    {
        value = null;
        if (text.IsEmpty)
        {
            return true;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        value = number;
        return true;
    }
}
