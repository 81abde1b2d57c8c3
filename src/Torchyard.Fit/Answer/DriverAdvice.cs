using Torchyard.Fit.Data;

namespace Torchyard.Fit.Answer;

/// <summary>Which driver would help the machines of a request that cannot be met: for each the oldest, never older than its own.</summary>
internal sealed class DriverAdvice(FitTables tables, StackJudge judge)
{
    /// <summary>The advice, for machines whose driver stands in the way.</summary>
    public IReadOnlyList<DriverHelp> For(IReadOnlyList<StackCandidate> candidates, FitRequest request, IReadOnlyList<FitTarget> targets)
    {
        var help = new List<DriverHelp>();
        foreach (var target in targets.Where(target => target is { Driver: not null, Gpus.Count: > 0 }))
        {
            if (!Fits(candidates, request, target))
            {
                help.Add(For(candidates, request, target));
            }
        }

        return help;
    }

    private DriverHelp For(IReadOnlyList<StackCandidate> candidates, FitRequest request, FitTarget target)
    {
        var (last, branch) = Last(target);
        foreach (var driver in Steps().Where(driver => driver > target.Driver))
        {
            if (Fits(candidates, request, target with { Driver = driver }))
            {
                return new DriverHelp(target, driver, last, branch);
            }
        }

        // Past a GPU's last branch no driver helps, where one would if the GPU were still supported.
        var passed =
            branch is not null
            && (
                target.Driver!.Value.Major > branch
                || Steps().Any(driver => driver.Major > branch && Runs(candidates, request, target with { Driver = driver }))
            );
        return passed ? new DriverHelp(target, null, last, branch) : new DriverHelp(target, null);
    }

    /// <summary>The first drivers that change anything: minimums of families, first drivers of branches.</summary>
    private IEnumerable<DottedVersion> Steps() =>
        tables
            .Families.Select(family => family.MinimumDriver)
            .Concat(tables.Branches.Select(branch => DottedVersion.Parse($"{branch.Branch}")))
            .Order();

    private bool Fits(IReadOnlyList<StackCandidate> candidates, FitRequest request, FitTarget target) =>
        candidates.Any(candidate => judge.Judge(candidate, target, request) is { Fits: true, Road: not DriverRoad.Forward });

    /// <summary>True when only the driver's dropping of the GPU stands in the way.</summary>
    private bool Runs(IReadOnlyList<StackCandidate> candidates, FitRequest request, FitTarget target) =>
        candidates.Any(candidate =>
            judge.Judge(candidate, target, request).Verdict.Parts.All(part => part.Outcome != FitOutcome.Fail || part.Rule == "gpu-driver")
        );

    private (string? Gpu, int? Branch) Last(FitTarget target) =>
        target
            .Gpus.Select(gpu => (gpu.Name, tables.Architectures.FirstOrDefault(row => row.Capability == gpu.Capability)?.LastBranch))
            .Where(pair => pair.LastBranch is not null)
            .OrderBy(pair => pair.LastBranch)
            .FirstOrDefault();
}
