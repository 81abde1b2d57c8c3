namespace Torchyard.Terminal;

/// <summary>A row of a panel; an empty label continues the row above.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Value">What the user needs.</param>
/// <param name="Copied">True for what is copied, such as an address: it is on one line or below the panel, and never broken.</param>
internal sealed record PanelRow(string Label, string Value, bool Copied = false);

/// <summary>
/// A framed list of labels and values on a terminal; plain lines elsewhere. Text that is wider than the frame goes on in the next line;
/// what is to be copied and does not fit stands whole below the frame. So the frame is never broken.
/// </summary>
internal static class TextPanel
{
    private const int Gap = 2;

    public static void Write(string title, IReadOnlyList<PanelRow> rows, ScreenStreams streams)
    {
        var heading = PlainText.Clean(title);
        var label = rows.Max(row => PlainText.Columns(row.Label));
        var lines = rows.Select(row =>
                row with
                {
                    Label = PlainText.Clean(row.Label),
                    Value = PlainText.Clean(row.Value).ReplaceLineEndings(" "),
                }
            )
            .ToList();
        if (!streams.OutputIsTerminal)
        {
            streams.Output.WriteLine(heading);
            foreach (var line in lines)
            {
                streams.Output.WriteLine($"  {PlainText.Pad(line.Label, label)}  {line.Value}".TrimEnd());
            }

            return;
        }

        var colours = streams.Colours;
        var frame = streams.Unicode ? ("╭", "╮", "╰", "╯", "─", "│") : ("+", "+", "+", "+", "-", "|");
        // Two columns for the frame and two for the blanks beside it.
        var room = Math.Max(20, streams.Width() - 4);
        var values = Math.Max(8, room - label - Gap);
        var below = new List<PanelRow>();
        var shown = lines.SelectMany(line => Lines(line, values, below)).ToList();
        heading = PlainText.Fit(heading, room - 2, streams.Unicode);
        var inner = Math.Min(
            room,
            Math.Max(shown.Max(line => label + Gap + PlainText.Columns(line.Value)), PlainText.Columns(heading) + 2)
        );
        string Bar(int length) => string.Concat(Enumerable.Repeat(frame.Item5, Math.Max(0, length)));
        streams.Output.WriteLine(
            Style.Faint.Apply(frame.Item1 + frame.Item5, colours)
                + " "
                + Style.Bold.Apply(heading, colours)
                + " "
                + Style.Faint.Apply(Bar(inner - PlainText.Columns(heading) - 1) + frame.Item2, colours)
        );
        var edge = Style.Faint.Apply(frame.Item6, colours);
        foreach (var line in shown)
        {
            streams.Output.WriteLine(
                $"{edge} {Style.Cyan.Apply(PlainText.Pad(line.Label, label), colours)}{new string(' ', Gap)}"
                    + $"{PlainText.Pad(line.Value, inner - label - Gap)} {edge}"
            );
        }

        streams.Output.WriteLine(Style.Faint.Apply(frame.Item3 + Bar(inner + 2) + frame.Item4, colours));
        foreach (var line in below)
        {
            if (line.Label.Length > 0)
            {
                streams.Output.WriteLine(Style.Cyan.Apply(line.Label + ":", colours));
            }

            streams.Output.WriteLine(line.Value);
        }
    }

    private static IEnumerable<PanelRow> Lines(PanelRow row, int room, List<PanelRow> below)
    {
        if (PlainText.Columns(row.Value) <= room)
        {
            return [row];
        }

        if (row.Copied)
        {
            below.Add(row);
            return [row with { Value = "see below" }];
        }

        // A word that has no room, such as a long path, is cut into lines: the frame is for eyes.
        return TextWrap
            .Words(row.Value, room)
            .SelectMany(line => Pieces(line, room))
            .Select((line, index) => new PanelRow(index == 0 ? row.Label : "", line));
    }

    private static IEnumerable<string> Pieces(string line, int room)
    {
        while (PlainText.Columns(line) > room)
        {
            var length = 0;
            var used = 0;
            foreach (var rune in line.EnumerateRunes())
            {
                var columns = PlainText.Columns(rune.ToString());
                if (used + columns > room)
                {
                    break;
                }

                used += columns;
                length += rune.Utf16SequenceLength;
            }

            yield return line[..length];
            line = line[length..];
        }

        yield return line;
    }
}
