namespace Torchyard.Reports.Verdicts;

/// <summary>A verdict.</summary>
/// <param name="Good">True when nothing failed.</param>
/// <param name="Text">One sentence.</param>
/// <param name="Reasons">What failed or stood out.</param>
public sealed record Verdict(bool Good, string Text, IReadOnlyList<string> Reasons);
