using System.Text;
using Torchyard.Platform;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// A requirement or option as somebody wrote it. In a requirement file it may go on over several lines, joined at a backslash at the end
/// (pip documentation, "Requirements File Format"), and an error belongs to the one with the wrong part.
/// </summary>
internal sealed class WrittenLine
{
    // Where in the text each line begins.
    private readonly List<(int Start, SourceLocation? Place)> _parts;

    /// <summary>A text with one place.</summary>
    public WrittenLine(string text, SourceLocation? place)
        : this(text, [(0, place)])
    {
    }

    private WrittenLine(string text, List<(int Start, SourceLocation? Place)> parts)
    {
        var start = text.Length - text.AsSpan().TrimStart().Length;
        Text = text.Trim();
        _parts = [.. parts.Select(part => (part.Start - start, part.Place))];
    }

    /// <summary>The whole of it, without white space around.</summary>
    public string Text { get; }

    /// <summary>Where it begins.</summary>
    public SourceLocation? Place => At(0);

    /// <summary>Where a character of <see cref="Text"/> stands.</summary>
    public SourceLocation? At(int offset) => _parts[Math.Max(0, _parts.FindLastIndex(part => part.Start <= offset))].Place;

    /// <summary>Where a part of <see cref="Text"/> stands; the beginning for what is no part of it.</summary>
    public SourceLocation? Of(string part) => At(Math.Max(0, Text.IndexOf(part, StringComparison.Ordinal)));

    /// <summary>The same with each line's text replaced.</summary>
    /// <param name="replace">Gets the text and its place.</param>
    public WrittenLine Replace(Func<string, SourceLocation?, string> replace)
    {
        var text = new StringBuilder();
        var parts = new List<(int, SourceLocation?)>();
        for (var i = 0; i < _parts.Count; i++)
        {
            var start = Math.Clamp(_parts[i].Start, 0, Text.Length);
            var end = i + 1 < _parts.Count ? Math.Clamp(_parts[i + 1].Start, 0, Text.Length) : Text.Length;
            parts.Add((text.Length, _parts[i].Place));
            text.Append(replace(Text[start..end], _parts[i].Place));
        }

        return new WrittenLine(text.ToString(), parts);
    }

    /// <summary>The lines of a requirement file, joined, without comments and empty ones.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="file">Its name for places.</param>
    public static IEnumerable<WrittenLine> ReadAll(string text, string file)
    {
        var number = 0;
        var joined = new StringBuilder();
        var parts = new List<(int Start, SourceLocation? Place)>();
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            var line = raw.TrimEnd('\r');
            var isComment = line.TrimStart().StartsWith('#');
            parts.Add((joined.Length, new SourceLocation(file, number, 1)));
            if (line.EndsWith('\\') && !isComment)
            {
                joined.Append(line.AsSpan(0, line.Length - 1)).Append(' ');
                continue;
            }

            joined.Append(isComment ? "" : line);
            if (Finish() is { } done)
            {
                yield return done;
            }
        }

        if (Finish() is { } last)
        {
            yield return last;
        }

        WrittenLine? Finish()
        {
            var whole = joined.ToString();
            var comment = whole.IndexOf(" #", StringComparison.Ordinal);
            var line = new WrittenLine(comment < 0 ? whole : whole[..comment], parts);
            joined.Clear();
            parts.Clear();
            return line.Text.Length > 0 ? line : null;
        }
    }
}
