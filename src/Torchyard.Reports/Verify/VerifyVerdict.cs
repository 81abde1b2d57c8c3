using Torchyard.Platform.Text;
using Torchyard.Reports.Verdicts;

namespace Torchyard.Reports.Verify;

/// <summary>One verdict over all proofs.</summary>
public static class VerifyVerdict
{
    /// <summary>Good when something was proved and nothing failed; what is not supported does not count.</summary>
    /// <param name="results">Native proofs, checks of PyTorch, or both.</param>
    public static Verdict Of(IReadOnlyList<VerifyResult> results)
    {
        var failed = results.Where(r => r.Outcome == VerifyOutcome.Failed).ToList();
        var passed = results.Count(r => r.Outcome == VerifyOutcome.Passed);
        var skipped = results.Count(r => r.Outcome == VerifyOutcome.Skipped);
        if (failed.Count > 0)
        {
            return new Verdict(
                false,
                $"{failed.Count} of {Count.Of(results.Count, "proof")} failed",
                [.. failed.Select(r => $"{(r.Gpu is { } gpu ? $"GPU {gpu}, " : "")}{r.Name}: {r.Detail}")]
            );
        }

        if (passed == 0)
        {
            return new Verdict(false, "nothing could be proved", [.. results.Select(r => $"{r.Name}: {r.Detail}")]);
        }

        return new Verdict(
            true,
            skipped == 0
                ? $"all {Count.Of(passed, "proof")} passed"
                : $"all {Count.Of(passed, "proof")} passed, {skipped} could not be tried",
            [.. results.Where(r => r.Outcome == VerifyOutcome.Skipped).Select(r => $"{r.Name}: {r.Detail}")]
        );
    }
}
