using System.Text;

namespace Torchyard.Terminal;

/// <summary>Breaks text at blanks, never inside a word: a word that is wider than the line has one of its own.</summary>
internal static class TextWrap
{
    /// <summary>The lines of one paragraph.</summary>
    /// <param name="text">Words and blanks.</param>
    /// <param name="width">Columns of a line.</param>
    public static IEnumerable<string> Words(string text, int width)
    {
        var line = new StringBuilder();
        var used = 0;
        foreach (var word in text.Split(' '))
        {
            var columns = PlainText.Columns(word);
            if (line.Length > 0 && used + 1 + columns > width)
            {
                yield return line.ToString().TrimEnd();
                line.Clear();
                used = 0;
            }

            if (line.Length > 0)
            {
                line.Append(' ');
                used++;
            }

            line.Append(word);
            used += columns;
        }

        yield return line.ToString().TrimEnd();
    }

    /// <summary>
    /// The lines of a text whose paragraphs are separated by empty lines. Lines that begin with a blank, such as examples and lists, stay
    /// lines of their own and keep their indent.
    /// </summary>
    public static IEnumerable<string> Paragraphs(string text, int width)
    {
        var paragraph = new List<string>();
        foreach (var line in text.Split('\n').Append(""))
        {
            if (line.Length > 0 && line[0] != ' ')
            {
                paragraph.Add(line.TrimEnd());
                continue;
            }

            foreach (var wrapped in paragraph.Count == 0 ? [] : Words(string.Join(' ', paragraph), width))
            {
                yield return wrapped;
            }

            paragraph.Clear();
            if (line.Length == 0)
            {
                yield return "";
                continue;
            }

            var indent = new string(' ', line.Length - line.TrimStart().Length);
            foreach (var wrapped in Words(line.TrimStart(), Math.Max(1, width - indent.Length)))
            {
                yield return indent + wrapped;
            }
        }
    }

    /// <summary>The lines of a command: those that go on end with a backslash, so that a shell takes what was copied.</summary>
    public static IEnumerable<string> Command(string command, string indent, int width)
    {
        if (PlainText.Columns(command) + indent.Length <= width)
        {
            return [indent + command];
        }

        // Room for " \" at the end and four more blanks at the beginning.
        string[] parts = [.. Words(command, Math.Max(1, width - indent.Length - 6))];
        return parts.Select((part, index) => $"{indent}{(index == 0 ? "" : "    ")}{part}{(index == parts.Length - 1 ? "" : " \\")}");
    }
}
