namespace Torchyard.Fit.Data;

/// <summary>What all rules found for one stack on one machine.</summary>
/// <param name="Candidate">The stack.</param>
/// <param name="Target">The machine.</param>
/// <param name="Road">How CUDA reaches the driver.</param>
/// <param name="Verdict">The reasoning, worst outcome on top.</param>
public sealed record StackVerdict(StackCandidate Candidate, FitTarget Target, DriverRoad Road, Verdict Verdict)
{
    /// <summary>Worst outcome of all rules.</summary>
    public FitOutcome Outcome => Verdict.Outcome;

    /// <summary>True when it works, with or without limits.</summary>
    public bool Fits => Outcome != FitOutcome.Fail;

    /// <summary>Package that the image needs beside the stack, e.g. <c>cuda-compat-13-0</c>; null for none.</summary>
    public string? CompatPackage { get; init; }
}
