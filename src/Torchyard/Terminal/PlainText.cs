using System.Globalization;
using System.Text;

namespace Torchyard.Terminal;

/// <summary>Text as a terminal shows it.</summary>
internal static class PlainText
{
    private const char Replacement = '\ufffd';

    // Printable ASCII, and the two that stay.
    private static readonly System.Buffers.SearchValues<char> Harmless = System.Buffers.SearchValues.Create([
        .. Enumerable.Range(' ', 95).Select(code => (char)code),
        '\n',
        '\t',
    ]);

    /// <summary>
    /// Replaces what would steer the terminal or the eye: control characters, escape sequences included; marks that turn the direction of
    /// text or join and part letters unseen; line and paragraph separators; letters and tags that take no room. New lines and tabs stay.
    /// </summary>
    public static string Clean(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Harmless))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t' || !IsUnseen(rune))
            {
                clean.Append(rune.ToString());
            }
            else
            {
                clean.Append(Replacement);
            }
        }

        return clean.ToString();
    }

    /// <summary>True for characters that show nothing themselves and change how others are shown, or hide that they are there.</summary>
    internal static bool IsUnseen(Rune rune) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control
            or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate => true,
            // Letters and marks without a shape: the Hangul fillers, the grapheme joiner, the vowel separators, the supplementary variation
            // selectors.
            _ => rune.Value
                is 0x034f
                    or 0x115f
                    or 0x1160
                    or 0x17b4
                    or 0x17b5
                    or (>= 0x180b and <= 0x180f)
                    or 0x3164
                    or 0xffa0
                    or (>= 0xe0000 and <= 0xe0fff),
        };

    /// <summary>Columns that a text takes: two for wide East Asian letters and emoji, none for combining marks (UAX #11).</summary>
    public static int Columns(string text)
    {
        var columns = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            columns += Columns(rune);
        }

        return columns;
    }

    /// <summary>The start of a text that fits, with an ellipsis where something was cut.</summary>
    public static string Fit(string text, int width, bool unicode)
    {
        if (Columns(text) <= width)
        {
            return text;
        }

        var mark = unicode ? "…" : "~";
        var result = new StringBuilder();
        var used = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            used += Columns(rune);
            if (used > width)
            {
                break;
            }

            result.Append(rune);
        }

        return width <= 0 ? "" : result.Append(mark).ToString();
    }

    /// <summary>Pads with blanks to a number of columns.</summary>
    public static string Pad(string text, int width, bool right = false)
    {
        var blanks = new string(' ', Math.Max(0, width - Columns(text)));
        return right ? blanks + text : text + blanks;
    }

    private static int Columns(Rune rune)
    {
        if (rune.Value < 0x300)
        {
            return 1;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
            _ => IsWide(rune.Value) ? 2 : 1,
        };
    }

    private static bool IsWide(int value) =>
        value
            is (>= 0x1100 and <= 0x115f)
                or (>= 0x2e80 and <= 0x303e)
                or (>= 0x3041 and <= 0x33ff)
                or (>= 0x3400 and <= 0x4dbf)
                or (>= 0x4e00 and <= 0x9fff)
                or (>= 0xa000 and <= 0xa4cf)
                or (>= 0xac00 and <= 0xd7a3)
                or (>= 0xf900 and <= 0xfaff)
                or (>= 0xfe30 and <= 0xfe6f)
                or (>= 0xff00 and <= 0xff60)
                or (>= 0xffe0 and <= 0xffe6)
                or (>= 0x1f300 and <= 0x1f64f)
                or (>= 0x1f900 and <= 0x1f9ff)
                or (>= 0x20000 and <= 0x3fffd);
}
