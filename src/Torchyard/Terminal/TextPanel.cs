namespace Torchyard.Terminal;

/// <summary>A row of a panel; an empty label continues the row above.</summary>
/// <param name="Label">What it is.</param>
/// <param name="Value">What the user needs, often something to copy: never cut.</param>
internal sealed record PanelRow(string Label, string Value);

/// <summary>A framed list of labels and values on a terminal; plain lines elsewhere. Values that are wider than the frame break it rather than being cut.</summary>
internal static class TextPanel
{
    public static void Write(string title, IReadOnlyList<PanelRow> rows, ScreenStreams streams)
    {
        var label = rows.Max(row => PlainText.Columns(row.Label));
        var lines = rows.Select(row => (
            Label: PlainText.Pad(PlainText.Clean(row.Label), label), Value: PlainText.Clean(row.Value))).ToList();
        if (!streams.OutputIsTerminal)
        {
            streams.Output.WriteLine(PlainText.Clean(title));
            foreach (var line in lines)
            {
                streams.Output.WriteLine($"  {line.Label}  {line.Value}".TrimEnd());
            }

            return;
        }

        var colours = streams.Colours;
        var frame = streams.Unicode ? ("╭", "╮", "╰", "╯", "─", "│") : ("+", "+", "+", "+", "-", "|");
        var content = lines.Max(line => label + 2 + PlainText.Columns(line.Value));
        content = Math.Max(content, PlainText.Columns(title) + 2);
        var room = Math.Max(20, streams.Width() - 4);
        var inner = Math.Min(content, room);
        string Bar(int length) => string.Concat(Enumerable.Repeat(frame.Item5, Math.Max(0, length)));
        var heading = PlainText.Clean(title);
        streams.Output.WriteLine(
            Style.Faint.Apply(frame.Item1 + frame.Item5, colours) + " " + Style.Bold.Apply(heading, colours) + " "
            + Style.Faint.Apply(Bar(inner - PlainText.Columns(heading) - 1) + frame.Item2, colours));
        foreach (var line in lines)
        {
            var used = label + 2 + PlainText.Columns(line.Value);
            var edge = Style.Faint.Apply(frame.Item6, colours);
            var end = used <= inner ? new string(' ', inner - used + 1) + edge : "";
            streams.Output.WriteLine($"{edge} {Style.Cyan.Apply(line.Label, colours)}  {line.Value}{end}");
        }

        streams.Output.WriteLine(Style.Faint.Apply(frame.Item3 + Bar(inner + 2) + frame.Item4, colours));
    }
}
