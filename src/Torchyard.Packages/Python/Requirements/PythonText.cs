using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Text as Python reads it, where that differs: what ends a line, what is white space, how a file says its encoding.</summary>
internal static partial class PythonText
{
    // A byte that is not UTF-8 is an error with a place, not a question mark in a name.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // pip looks for them in this order: the mark of UTF-16 begins that of UTF-32.
    private static readonly Encoding[] Marked =
    [
        new UTF8Encoding(true, true),
        new UTF32Encoding(false, true, true),
        new UTF32Encoding(true, true, true),
        new UnicodeEncoding(false, true, true),
        new UnicodeEncoding(true, true, true),
    ];

    /// <summary>True for what <c>str.isspace()</c> takes: besides Unicode's white space the four separators of ASCII.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>Index of the first character that is not white space; the length when there is none.</summary>
    public static int SkipSpace(string text, int at = 0)
    {
        while (at < text.Length && IsSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>Where the white space at the end begins.</summary>
    public static int TrimmedEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return end;
    }

    /// <summary>
    /// The lines of a text by <c>str.splitlines()</c>, which also splits at form feeds and Unicode's separators. Places count lines as
    /// editors do.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="file">Its name for places.</param>
    public static IEnumerable<(string Line, SourceLocation Place)> Lines(string text, string file)
    {
        var (number, column, start) = (1, 1, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (
                i == text.Length
                    ? i == start
                    : text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029')
            )
            {
                continue;
            }

            yield return (text[start..i], new SourceLocation(file, number, column));
            if (i < text.Length && text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
            {
                i++;
            }

            (number, column) = i < text.Length && text[i] is '\n' or '\r' ? (number + 1, 1) : (number, column + i + 1 - start);
            start = i + 1;
        }
    }

    /// <summary>
    /// A file as text: by its byte order mark, by the coding that its first two lines name (PEP 263), else as UTF-8.
    /// </summary>
    /// <exception cref="TorchyardException">TY2512: it is in another encoding than it says, or in one that is not known here.</exception>
    public static string Decode(ReadOnlySpan<byte> content, string shown)
    {
        try
        {
            foreach (var encoding in Marked)
            {
                if (content.StartsWith(encoding.GetPreamble()))
                {
                    return encoding.GetString(content[encoding.GetPreamble().Length..]);
                }
            }

            var named = Coding(content);
            var text = named?.ToLowerInvariant().Replace('_', '-') switch
            {
                null or "utf-8" or "utf8" or "ascii" or "us-ascii" => Utf8.GetString(content),
                "latin-1" or "latin1" or "iso-8859-1" or "iso8859-1" or "l1" => Encoding.Latin1.GetString(content),
                _ => throw Other(shown, $"the file says that its coding is '{named}', which is not read", named),
            };
            // Without a byte order mark, UTF-16 shows by its zeros.
            return text.Contains('\0', StringComparison.Ordinal)
                ? throw Other(shown, "the file is not UTF-8 text; it looks like UTF-16", "UTF-16")
                : text;
        }
        catch (DecoderFallbackException wrong)
        {
            throw Other(shown, "the file is not UTF-8 text", "WINDOWS-1252", wrong);
        }
    }

    private static string? Coding(ReadOnlySpan<byte> content)
    {
        for (var line = 0; line < 2 && !content.IsEmpty; line++)
        {
            var end = content.IndexOf((byte)'\n');
            var text = end < 0 ? content : content[..end];
            if (!text.IsEmpty && text[0] == '#' && CodingLine().Match(Encoding.Latin1.GetString(text)) is { Success: true } match)
            {
                return match.Groups[1].Value;
            }

            content = end < 0 ? [] : content[(end + 1)..];
        }

        return null;
    }

    private static TorchyardException Other(string shown, string why, string? encoding, Exception? cause = null)
    {
        var place = new SourceLocation(shown, 1, 1);
        return new(PackageCodes.WrongRequirement, $"{place}: {why}", $"save it as UTF-8 (iconv -f {encoding} -t UTF-8 {shown})", cause)
        {
            Location = place,
            IsUsage = true,
        };
    }

    [GeneratedRegex(@"coding[:=]\s*([-\w.]+)", RegexOptions.CultureInvariant)]
    private static partial Regex CodingLine();
}
