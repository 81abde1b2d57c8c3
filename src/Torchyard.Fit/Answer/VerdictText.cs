using System.Text;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Answer;

/// <summary>A verdict as a short tree of lines: outcome, rule, fact, sources.</summary>
public static class VerdictText
{
    /// <summary>Lines of the tree.</summary>
    /// <param name="verdict">Top of the tree.</param>
    /// <param name="sources">Add the ids of the sources in brackets.</param>
    public static IEnumerable<string> Lines(Verdict verdict, bool sources = true)
    {
        yield return $"{Word(verdict.Outcome)}: {verdict.Fact}";
        foreach (var line in Parts(verdict, "", sources))
        {
            yield return line;
        }
    }

    /// <summary>One line for each rule that has no parts, without the drawing of the tree.</summary>
    public static IEnumerable<string> Rules(Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        if (verdict.Parts.Count > 0)
        {
            return verdict.Parts.SelectMany(Rules);
        }

        var sources = verdict.Sources.Count > 0 ? $" [{string.Join(", ", verdict.Sources)}]" : "";
        return [$"{Mark(verdict.Outcome)} {verdict.Rule}: {verdict.Fact}{sources}"];
    }

    /// <summary>The word for an outcome.</summary>
    public static string Word(FitOutcome outcome) =>
        outcome switch
        {
            FitOutcome.Pass => "fits",
            FitOutcome.Limited => "fits with limits",
            _ => "does not fit",
        };

    private static IEnumerable<string> Parts(Verdict verdict, string indent, bool sources)
    {
        for (var i = 0; i < verdict.Parts.Count; i++)
        {
            var part = verdict.Parts[i];
            var last = i == verdict.Parts.Count - 1;
            var line = new StringBuilder(indent)
                .Append(last ? "└─ " : "├─ ")
                .Append(Mark(part.Outcome))
                .Append(' ')
                .Append(part.Rule)
                .Append(": ")
                .Append(part.Fact);
            if (sources && part.Sources.Count > 0)
            {
                line.Append(" [").AppendJoin(", ", part.Sources).Append(']');
            }

            yield return line.ToString();
            foreach (var inner in Parts(part, indent + (last ? "   " : "│  "), sources))
            {
                yield return inner;
            }
        }
    }

    private static string Mark(FitOutcome outcome) =>
        outcome switch
        {
            FitOutcome.Pass => "ok",
            FitOutcome.Limited => "limited",
            _ => "no",
        };
}
