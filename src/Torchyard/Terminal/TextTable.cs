using System.Text;

namespace Torchyard.Terminal;

/// <summary>A column of a table.</summary>
/// <param name="Title">Heading, in capitals as docker prints them.</param>
/// <param name="Right">Numbers and sizes align right.</param>
/// <param name="Whole">Never cut, such as digests and names that users copy.</param>
/// <param name="Drop">Left out where the terminal is too narrow for the columns that are whole: 1 goes first; 0 stays.</param>
internal sealed record Column(string Title, bool Right = false, bool Whole = false, int Drop = 0)
{
    /// <summary>Sentences: what does not fit on a terminal goes on in the lines below instead of being cut.</summary>
    public bool Wraps { get; init; }
}

/// <summary>Tables as docker and ps print them: no frame, three blanks between columns, so that awk and eyes both read them.</summary>
internal static class TextTable
{
    private const int Gap = 3;
    private const int Narrowest = 8;

    public static void Write(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows, ScreenStreams streams)
    {
        var clean = rows.Select(row => row.Select(cell => PlainText.Clean(cell).ReplaceLineEndings(" ")).ToArray()).ToList();
        var widths = columns
            .Select(
                (column, index) =>
                    Math.Max(PlainText.Columns(column.Title), clean.Select(row => PlainText.Columns(row[index])).DefaultIfEmpty(0).Max())
            )
            .ToArray();
        if (streams.OutputIsTerminal)
        {
            var kept = Kept(widths, columns, streams.Width());
            columns = [.. kept.Select(index => columns[index])];
            clean = [.. clean.Select(row => kept.Select(index => row[index]).ToArray())];
            widths = [.. kept.Select(index => widths[index])];
            Shrink(widths, columns, streams.Width());
        }

        var colours = streams is { Colours: true, OutputIsTerminal: true };
        streams.Output.WriteLine(
            Style.Bold.Apply(Row(columns.Select(column => column.Title).ToArray(), columns, widths, streams), colours)
        );
        foreach (var row in clean)
        {
            foreach (var line in Lines(row, columns, widths))
            {
                streams.Output.WriteLine(Row(line, columns, widths, streams));
            }
        }
    }

    /// <summary>The lines of a row: as many as the longest of its cells that go on.</summary>
    private static IEnumerable<string[]> Lines(string[] cells, IReadOnlyList<Column> columns, int[] widths)
    {
        string[][] wrapped =
        [
            .. cells.Select(
                (cell, index) =>
                    columns[index].Wraps
                        ? [.. TextWrap.Words(cell, widths[index]).SelectMany(line => Pieces(line, widths[index]))]
                        : new[] { cell }
            ),
        ];
        return Enumerable
            .Range(0, wrapped.Max(lines => lines.Length))
            .Select(line => wrapped.Select(lines => line < lines.Length ? lines[line] : "").ToArray());
    }

    // A word that is wider than its column, such as a URL.
    private static IEnumerable<string> Pieces(string line, int width)
    {
        var start = 0;
        while (PlainText.Columns(line[start..]) > width)
        {
            var end = start + 1;
            while (end < line.Length && PlainText.Columns(line[start..(end + 1)]) <= width)
            {
                end++;
            }

            // Not between the halves of one character.
            end += end < line.Length && char.IsLowSurrogate(line[end]) ? 1 : 0;
            yield return line[start..end];
            start = end;
        }

        yield return line[start..];
    }

    private static List<int> Kept(int[] widths, IReadOnlyList<Column> columns, int width)
    {
        List<int> kept = [.. Enumerable.Range(0, widths.Length)];
        while (
            kept.Sum(index => columns[index].Whole ? widths[index] : Math.Min(widths[index], Narrowest)) + Gap * (kept.Count - 1) > width
            && kept.Where(index => columns[index].Drop > 0).OrderBy(index => columns[index].Drop).FirstOrDefault(-1) is >= 0 and var first
        )
        {
            kept.Remove(first);
        }

        return kept;
    }

    // The widest column that may be cut gives way first, until the row fits or every such column is narrow.
    private static void Shrink(int[] widths, IReadOnlyList<Column> columns, int width)
    {
        while (widths.Sum() + Gap * (widths.Length - 1) > width)
        {
            var widest = -1;
            for (var i = 0; i < widths.Length; i++)
            {
                if (!columns[i].Whole && widths[i] > Narrowest && (widest < 0 || widths[i] > widths[widest]))
                {
                    widest = i;
                }
            }

            if (widest < 0)
            {
                return;
            }

            widths[widest]--;
        }
    }

    private static string Row(string[] cells, IReadOnlyList<Column> columns, int[] widths, ScreenStreams streams)
    {
        var line = new StringBuilder();
        for (var i = 0; i < columns.Count; i++)
        {
            line.Append(PlainText.Pad(PlainText.Fit(cells[i], widths[i], streams.Unicode), widths[i], columns[i].Right));
            line.Append(' ', Gap);
        }

        return line.ToString().TrimEnd();
    }
}
