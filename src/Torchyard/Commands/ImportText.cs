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
        screen.Table(
            [new Column("FROM", Whole: true), new Column("WAS"), new Column("BECAME"), new Column("NOTE", Drop: 1)],
            [
                .. report.Rows.Select(row =>
                    (IReadOnlyList<string>)
                        [
                            VisibleText.Of(row.Place),
                            VisibleText.Of(row.From),
                            row.To.Length == 0 ? "-" : VisibleText.Of(row.To),
                            row.Note ?? "",
                        ]
                ),
            ]
        );
        if (report.Gaps.Count > 0)
        {
            screen.Line();
            screen.Line($"Not translated ({report.Gaps.Count}):");
            foreach (var gap in report.Gaps)
            {
                screen.Line($"  {(gap.Place.Length == 0 ? "" : VisibleText.Of(gap.Place) + ": ")}{VisibleText.Of(gap.Text)}");
                screen.Line($"    {VisibleText.Of(gap.Why)}");
            }
        }

        screen.Line();
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
    }
}
