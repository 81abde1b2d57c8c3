using Torchyard.Flows.Importing;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>What <c>init --from</c> made of a file, as lines for people.</summary>
internal static class ImportText
{
    /// <summary>Shows what became what, then what did not get into the recipe, each with its line.</summary>
    public static void Show(Screen screen, ImportReport report)
    {
        if (report.Rows.Count > 0)
        {
            ShowRows(screen, report.Rows);
            screen.Line();
        }

        if (report.Gaps.Count > 0)
        {
            screen.Line($"Not translated ({report.Gaps.Count}):");
            foreach (var gap in report.Gaps)
            {
                Write($"{(gap.Place.Length == 0 ? "" : VisibleText.Of(gap.Place) + ": ")}{VisibleText.Of(gap.Text)}", "  ");
                Write(VisibleText.Of(gap.Why), "    ");
            }

            screen.Line();
        }

        if (report.Others.Count > 0)
        {
            screen.Line($"also there, and not read: {string.Join(", ", report.Others.Select(VisibleText.Of))}");
        }

        if (report.Recipe.Length == 0)
        {
            screen.ErrorLine($"nothing was written: {Count.Of(report.Gaps.Count, "line")} could not be translated (--strict)");
            return;
        }

        screen.Line($"wrote {report.Recipe} from {VisibleText.Of(report.Origin)}");
        screen.Line();
        screen.Line("Next: torchyard up");

        void Write(string text, string indent)
        {
            foreach (var line in TextWrap.Words(text, screen.Width - indent.Length))
            {
                screen.Line(indent + line);
            }
        }
    }

    private static void ShowRows(Screen screen, IReadOnlyList<ImportRow> rows)
    {
        // A column of which every cell is empty says nothing.
        var hasNotes = rows.Any(row => row.Note is { Length: > 0 });
        Column[] columns =
        [
            new("WHERE", Whole: true),
            new("FOUND") { Wraps = true },
            new("IN THE RECIPE") { Wraps = true },
            new("NOTE") { Wraps = true },
        ];
        screen.Table(
            hasNotes ? columns : columns[..^1],
            [
                .. rows.Select(row =>
                    (IReadOnlyList<string>)
                        [
                            VisibleText.Of(row.Place),
                            VisibleText.Of(row.From),
                            row.To.Length == 0 ? "-" : VisibleText.Of(row.To),
                            .. hasNotes ? [VisibleText.Of(row.Note ?? "")] : Array.Empty<string>(),
                        ]
                ),
            ]
        );
    }
}
