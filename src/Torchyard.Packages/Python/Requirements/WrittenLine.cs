using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// A requirement or option as somebody wrote it. In a requirement file it may go on over several lines, joined at a backslash at the end
/// (pip documentation, "Requirements File Format"), and an error belongs to the character with the wrong part.
/// </summary>
internal sealed class WrittenLine
{
    private readonly List<Part> _parts;

    /// <summary>A text with one place.</summary>
    public WrittenLine(string text, SourceLocation? place)
        : this(text, [new Part(0, place, IsVerbatim: false)]) { }

    private WrittenLine(string text, List<Part> parts)
    {
        var start = PythonText.SkipSpace(text);
        Text = text[start..Math.Max(start, PythonText.TrimmedEnd(text))];
        _parts = [.. parts.Select(part => part with { Start = part.Start - start })];
    }

    /// <summary>The whole of it, without white space around.</summary>
    public string Text { get; }

    /// <summary>Where it begins.</summary>
    public SourceLocation? Place => At(0);

    /// <summary>Where a character of <see cref="Text"/> stands.</summary>
    public SourceLocation? At(int offset)
    {
        var part = _parts[Math.Max(0, _parts.FindLastIndex(part => part.Start <= offset))];
        return part is { IsVerbatim: true, Place: { } place }
            ? place with
            {
                Column = place.Column + Math.Max(0, offset - part.Start),
            }
            : part.Place;
    }

    /// <summary>Where a part of <see cref="Text"/> stands; the beginning for what is not part of it.</summary>
    public SourceLocation? Of(string part) => At(Math.Max(0, Text.IndexOf(part, StringComparison.Ordinal)));

    /// <summary>The same with each line's text replaced.</summary>
    /// <param name="replace">Gets the text and its place.</param>
    public WrittenLine Replace(Func<string, SourceLocation?, string> replace)
    {
        var text = new StringBuilder();
        var parts = new List<Part>();
        for (var i = 0; i < _parts.Count; i++)
        {
            var start = Math.Clamp(_parts[i].Start, 0, Text.Length);
            var end = i + 1 < _parts.Count ? Math.Clamp(_parts[i + 1].Start, 0, Text.Length) : Text.Length;
            var (before, place) = (Text[start..end], At(start));
            var after = replace(before, place);
            parts.Add(_parts[i] with { Start = text.Length, Place = place });
            if (after != before && _parts[i].IsVerbatim && place is not null)
            {
                // What was put in stands where the variable does; what comes after it, where it always stood.
                var same = before.AsSpan().CommonPrefixLength(after);
                var rest = 0;
                while (rest < Math.Min(before.Length, after.Length) - same && before[^(rest + 1)] == after[^(rest + 1)])
                {
                    rest++;
                }

                parts.Add(new Part(text.Length + same, place with { Column = place.Column + same }, IsVerbatim: false));
                parts.Add(
                    new Part(
                        text.Length + after.Length - rest,
                        place with
                        {
                            Column = place.Column + before.Length - rest,
                        },
                        IsVerbatim: true
                    )
                );
            }

            text.Append(after);
        }

        return new WrittenLine(text.ToString(), parts);
    }

    /// <summary>The lines of a requirement file, joined, without comments and empty ones.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="file">Its name for places.</param>
    public static IEnumerable<WrittenLine> ReadAll(string text, string file)
    {
        var joined = new StringBuilder();
        var parts = new List<Part>();
        foreach (var (line, place) in PythonText.Lines(text, file))
        {
            var isComment = PythonText.SkipSpace(line) is var first && first < line.Length && line[first] == '#';
            if (line.EndsWith('\\') && !isComment)
            {
                // Joined with nothing in between, without any of the backslashes around.
                var kept = line.Trim('\\');
                parts.Add(
                    new Part(
                        joined.Length,
                        place with
                        {
                            Column = place.Column + line.Length - line.TrimStart('\\').Length,
                        },
                        IsVerbatim: true
                    )
                );
                joined.Append(kept);
                continue;
            }

            parts.Add(new Part(joined.Length, place, IsVerbatim: true));
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
            if (parts.Count == 0)
            {
                return null;
            }

            var whole = joined.ToString();
            var line = new WrittenLine(whole[..CommentAt(whole)], [.. parts]);
            joined.Clear();
            parts.Clear();
            return line.Text.Length > 0 ? line : null;
        }
    }

    /// <summary>
    /// Where a comment begins: at a '#' that stands first or after white space. In the middle of a word it is part of a URL.
    /// </summary>
    private static int CommentAt(string line)
    {
        for (var at = line.IndexOf('#', StringComparison.Ordinal); at >= 0; at = line.IndexOf('#', at + 1))
        {
            if (at == 0 || PythonText.IsSpace(line[at - 1]))
            {
                return at;
            }
        }

        return line.Length;
    }

    /// <summary>A piece of the text.</summary>
    /// <param name="Start">Where in the text it begins.</param>
    /// <param name="Place">Where that is written.</param>
    /// <param name="IsVerbatim">Its characters follow each other as they do where they are written.</param>
    private sealed record Part(int Start, SourceLocation? Place, bool IsVerbatim);
}
