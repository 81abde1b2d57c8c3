using Torchyard.Containers.Logs;
using Torchyard.Terminal;

namespace Torchyard.Fuzz.Targets.Containers;

/// <summary>A log line by line, and what a terminal is given of it.</summary>
internal sealed class LogTarget : FuzzTarget
{
    public override string Name => "log";

    public override string Input => "logs of containers and services";

    public override IReadOnlyList<string> Words =>
        [
            "2025-01-01T00:00:00.000Z stdout F text\n",
            "stderr P ",
            "\u001b[31m",
            "\u001b[0m",
            "\u001b[38;5;200m",
            "\u001b]0;title\u0007",
            "\u001bP",
            "\u009b",
            "\r",
            "\b",
            "\u202e",
            "\n",
        ];

    public override object? Parse(byte[] input)
    {
        var lines = new BoundedLines(new MemoryStream(input));
        var read = lines.Read(CancellationToken.None).ToList();
        if (lines.Rest() is { } rest)
        {
            read.Add(rest);
        }

        var entries = read.Select(LogReader.Parse).OfType<LogEntry>().ToList();
        var shown = string.Join('\n', read.Select(new LogText(colours: false).Of));
        Require(
            !shown.Any(character => char.IsControl(character) && character is not ('\n' or '\t')),
            "a control character of a log gets to the terminal"
        );
        var coloured = new LogText(colours: true);
        var colours = string.Join('\n', read.Select(coloured.Of)) + coloured.End();
        Require(OnlyStyles(colours), "an escape sequence of a log that is no colour gets to the terminal");
        return (read, entries, shown, colours);
    }

    // Every escape must begin a colour: ESC [ digits ; : m.
    private static bool OnlyStyles(string text)
    {
        for (var at = text.IndexOf('\u001b'); at >= 0; at = text.IndexOf('\u001b', at + 1))
        {
            var end = at + 2;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is ';' or ':'))
            {
                end++;
            }

            if (at + 1 >= text.Length || text[at + 1] != '[' || end >= text.Length || text[end] != 'm')
            {
                return false;
            }
        }

        return !text.Contains('\u009b', StringComparison.Ordinal);
    }
}
