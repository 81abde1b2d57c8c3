using System.Globalization;
using Torchyard.Machine.Gpus;
using Torchyard.Reports.Verdicts;

namespace Torchyard.Reports.Bench;

/// <summary>Says whether a machine is as fast as it should be: against the usual values, and GPU against GPU.</summary>
internal static class BenchVerdict
{
    private const double SlowAgainstUsual = 0.9;
    private const double SlowAgainstPeers = 0.93;

    public static Verdict Of(IReadOnlyList<BenchResult> results, IReadOnlyList<GpuState> gpus)
    {
        var reasons = new List<string>();
        foreach (var result in results.Where(r => r is { Missing: null, Usual: not null } && IsRate(r)))
        {
            if (result.Value < SlowAgainstUsual * result.Usual)
            {
                reasons.Add(Text($"{Where(result)}{result.Name}: {result.Value:0.#} {result.Unit}, usually {result.Usual:0.#}"));
            }
        }

        foreach (var group in results.Where(r => r is { Missing: null, Gpu: not null } && IsRate(r)).GroupBy(r => r.Key))
        {
            var best = group.Max(r => r.Value);
            foreach (var result in group.Where(r => r.Area != "peer" && r.Value < SlowAgainstPeers * best))
            {
                reasons.Add(
                    Text($"{Where(result)}{result.Name}: {result.Value:0.#} {result.Unit}, another GPU of this machine reaches {best:0.#}")
                );
            }
        }

        foreach (var gpu in gpus)
        {
            if (gpu is { PcieWidth: { } width, PcieWidthMax: { } most } && width < most)
            {
                reasons.Add($"GPU {gpu.Index}: PCIe runs on {width} of {most} lanes");
            }

            if (gpu.ClockReasons is { } bits && ClockReasons.Harmful(bits) is { Count: > 0 } slow)
            {
                reasons.Add($"GPU {gpu.Index}: clocks held back: {string.Join(", ", slow)}");
            }
        }

        if (results.All(r => r.Missing is not null))
        {
            return new Verdict(false, "nothing could be measured", reasons);
        }

        if (reasons.Count > 0)
        {
            return new Verdict(false, "slower than it should be", reasons);
        }

        var otherSizes = results
            .Where(r => r is { Missing: null, MatrixRows: not null and not PeakRates.UsualMatrixRows })
            .Select(r => r.MatrixRows)
            .Distinct()
            .Order()
            .ToList();
        var sizes = string.Join(", ", otherSizes.Select(rows => Text($"{rows}³")));
        IReadOnlyList<string> notes =
            otherSizes.Count == 0
                ? []
                : [Text($"products of {sizes} are not judged: usual values are those of {PeakRates.UsualMatrixRows}³")];
        return results.Any(r => r.Usual is not null)
            ? new Verdict(true, "as fast as it should be", notes)
            : new Verdict(
                true,
                notes.Count > 0 ? "measured; there is nothing to compare with" : "measured; no usual values are known for this model",
                notes
            );
    }

    private static bool IsRate(BenchResult result) => result.Unit is not "µs";

    private static string Where(BenchResult result) => result.Gpu is { } gpu ? $"GPU {gpu}, " : "";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
