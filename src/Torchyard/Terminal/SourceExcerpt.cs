using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Terminal;

/// <summary>The line of the user's file that an error is about, with a caret below the place.</summary>
internal static class SourceExcerpt
{
    private const long LargestFile = 4 << 20;

    /// <summary>Lines to print; none when the file cannot be read any more.</summary>
    public static IReadOnlyList<string> Of(SourceLocation location)
    {
        string? line;
        try
        {
            if (new FileInfo(location.File) is not { Exists: true, Length: <= LargestFile })
            {
                return [];
            }

            line = File.ReadLines(location.File).ElementAtOrDefault(location.Line - 1);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        if (line is null)
        {
            return [];
        }

        var number = $"{location.Line} | ";
        // Tabs stay tabs below, so that the caret stands under its letter whatever the tab width.
        var shown = UrlText.WithoutSecrets(line);
        var before = shown[..Place(line, shown, location.Column - 1)];
        var indent = string.Concat(
            before.EnumerateRunes().Select(rune => rune.Value == '\t' ? "\t" : new string(' ', PlainText.Columns(rune.ToString())))
        );
        return [number + shown, new string(' ', number.Length - 2) + "| " + indent + "^"];
    }

    // Where a character of the line is when what was between the same start and the same end is hidden.
    private static int Place(string line, string shown, int column)
    {
        var at = Math.Clamp(column, 0, line.Length);
        var same = line.AsSpan().CommonPrefixLength(shown);
        var fromEnd = line.Length - at;
        return at <= same ? at
            : fromEnd < shown.Length - same && line.EndsWith(shown[^fromEnd..], StringComparison.Ordinal) ? shown.Length - fromEnd
            : same;
    }
}
