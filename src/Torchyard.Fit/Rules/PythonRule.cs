using Torchyard.Fit.Data;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fit.Rules;

/// <summary>Whether there is a wheel for the interpreter.</summary>
internal sealed class PythonRule : IFitRule
{
    public Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables)
    {
        const string Rule = "python";
        var row = candidate.Torch;
        if (row.Package is not null)
        {
            return row.Python.Contains(candidate.Python, StringComparer.Ordinal)
                ? Verdict.Of(Rule, FitOutcome.Pass, $"{row.LocalVersion} is built for CPython {candidate.Python}", row.Source)
                : Verdict.Of(
                    Rule,
                    FitOutcome.Fail,
                    $"{row.LocalVersion} is built for CPython {string.Join(" and ", row.Python)} alone, not for {candidate.Python}",
                    row.Source
                );
        }

        if (target.Architecture == "aarch64" && row.Aarch64Without.Contains(candidate.Python, StringComparer.Ordinal))
        {
            return Verdict.Of(Rule, FitOutcome.Fail, $"{row.LocalVersion} has no aarch64 wheel for CPython {candidate.Python}", row.Source);
        }

        if (row.Python.Contains(candidate.Python, StringComparer.Ordinal))
        {
            return Verdict.Of(Rule, FitOutcome.Pass, $"{row.LocalVersion} has wheels for CPython {candidate.Python}", row.Source);
        }

        if (row.PythonExperimental.Contains(candidate.Python, StringComparer.Ordinal))
        {
            return Verdict.Of(
                Rule,
                FitOutcome.Limited,
                $"PyTorch calls its wheels for CPython {candidate.Python} experimental",
                row.Source
            );
        }

        var list = $"{row.Python[0]} to {row.Python[^1]}";
        return Verdict.Of(
            Rule,
            FitOutcome.Fail,
            $"CPython {candidate.Python} is {Side(candidate.Python, row)}: {row.LocalVersion} has wheels for {list}",
            row.Source
        );
    }

    private static string Side(string python, TorchBuild row)
    {
        if (!PythonVersion.TryParse(python.TrimEnd('t'), out var version))
        {
            return "no CPython version";
        }

        if (version < PythonVersion.Parse(row.Python[0]))
        {
            return "too old";
        }

        return version > PythonVersion.Parse(row.Python[^1]) ? "too new" : "not built";
    }
}
