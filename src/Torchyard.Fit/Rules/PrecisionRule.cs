using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>Whether every GPU computes in the number formats that are asked for.</summary>
internal sealed class PrecisionRule : IFitRule
{
    private static readonly (string Name, DottedVersion Capability, string[] Sources)[] Formats =
    [
        ("fp16", DottedVersion.Parse("5.3"), ["cuda-guide"]),
        ("bf16", DottedVersion.Parse("8.0"), ["cuda-guide"]),
        ("tf32", DottedVersion.Parse("8.0"), ["cuda-guide"]),
        ("fp8", DottedVersion.Parse("8.9"), ["scaled-mm", "cuda-guide"]),
        ("fp4", DottedVersion.Parse("10.0"), ["cuda-guide"]),
    ];

    /// <summary>Formats that can be asked for.</summary>
    public static IEnumerable<string> Names => Formats.Select(format => format.Name);

    public Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables)
    {
        if (request.Precisions.Count == 0 || target.Gpus.Count == 0)
        {
            return null;
        }

        var parts = new List<Verdict>();
        foreach (var (name, capability, sources) in Formats)
        {
            if (!request.Precisions.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (var gpu in target.Gpus.DistinctBy(gpu => gpu.Capability))
            {
                parts.Add(
                    gpu.Capability >= capability
                        ? Verdict.Of("precision", FitOutcome.Pass, $"{gpu.Name} ({gpu.Capability}) has {name.ToUpperInvariant()}", sources)
                        : Verdict.Of(
                            "precision",
                            FitOutcome.Fail,
                            $"{name.ToUpperInvariant()} is not applicable on {gpu.Name}: it needs compute capability {capability}, this "
                                + $"is {gpu.Capability}",
                            sources
                        )
                );
            }
        }

        return parts.Count == 1 ? parts[0] : Verdict.Combine("precision", "number formats", parts);
    }
}
