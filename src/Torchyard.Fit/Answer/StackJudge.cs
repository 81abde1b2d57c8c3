using Torchyard.Fit.Data;
using Torchyard.Fit.Rules;

namespace Torchyard.Fit.Answer;

/// <summary>Puts a stack before every rule.</summary>
internal sealed class StackJudge(FitTables tables)
{
    // What the interpreter does not matter to is asked once for a build on a machine.
    private static readonly IFitRule[] OfBuild =
    [
        new CudaBuildRule(),
        new GpuDriverRule(),
        new DriverRule(),
        new ArchitectureRule(),
        new PrecisionRule(),
    ];

    private static readonly IFitRule[] OfInterpreter = [new PythonRule(), new LibcRule()];

    /// <summary>Number formats that a request may name.</summary>
    public static IEnumerable<string> Precisions => PrecisionRule.Names;

    /// <summary>The reasoning for a stack on a machine.</summary>
    public StackVerdict Judge(StackCandidate candidate, FitTarget target, FitRequest request) =>
        Judge(candidate, target, request, Build(candidate, target, request));

    /// <summary>The reasoning for a stack on a machine, of which that for the build is known.</summary>
    public StackVerdict Judge(StackCandidate candidate, FitTarget target, FitRequest request, BuildFindings build)
    {
        var verdict = Verdict.Combine(
            "stack",
            $"{candidate} on {target.Title}",
            [.. build.Parts, .. Ask(OfInterpreter, candidate, target, request)]
        );
        return new StackVerdict(candidate, target, build.Driver?.Road ?? DriverRoad.Direct, verdict)
        {
            CompatPackage = build.Driver?.Package?.Package,
        };
    }

    /// <summary>The reasoning for a build on a machine, whatever the interpreter.</summary>
    public BuildFindings Build(StackCandidate candidate, FitTarget target, FitRequest request) =>
        new(
            [.. Ask(OfBuild, candidate, target, request)],
            candidate.Torch.Cuda is { } cuda && target.Gpus.Count > 0 ? DriverRule.Find(cuda, target, tables) : null
        );

    private IEnumerable<Verdict> Ask(IFitRule[] rules, StackCandidate candidate, FitTarget target, FitRequest request) =>
        rules.Select(rule => rule.Judge(candidate, target, request, tables)).OfType<Verdict>();
}

/// <summary>What was found for a build on a machine.</summary>
/// <param name="Parts">The reasoning.</param>
/// <param name="Driver">The road to the driver; null when none is needed.</param>
internal sealed record BuildFindings(IReadOnlyList<Verdict> Parts, DriverFinding? Driver);
