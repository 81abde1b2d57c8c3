using Torchyard.Fit.Data;
using Torchyard.Fit.Rules;

namespace Torchyard.Fit.Answer;

/// <summary>Puts a stack before every rule.</summary>
internal sealed class StackJudge(FitTables tables)
{
    private static readonly IFitRule[] Rules =
    [
        new CudaBuildRule(),
        new GpuDriverRule(),
        new DriverRule(),
        new ArchitectureRule(),
        new PrecisionRule(),
        new PythonRule(),
        new LibcRule(),
    ];

    /// <summary>Number formats that a request may name.</summary>
    public static IEnumerable<string> Precisions => PrecisionRule.Names;

    /// <summary>The reasoning for a stack on a machine.</summary>
    public StackVerdict Judge(StackCandidate candidate, FitTarget target, FitRequest request)
    {
        var parts = new List<Verdict>();
        foreach (var rule in Rules)
        {
            if (rule.Judge(candidate, target, request, tables) is { } verdict)
            {
                parts.Add(verdict);
            }
        }

        var road =
            candidate.Torch.Cuda is { } cuda && target.Gpus.Count > 0 ? DriverRule.Find(cuda, target, tables).Road : DriverRoad.Direct;
        return new StackVerdict(candidate, target, road, Verdict.Combine("stack", $"{candidate} on {target.Name}", parts));
    }
}
