using Torchyard.CommandLine;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Page;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>Shows what <c>bench train</c> found.</summary>
internal static class TrainingText
{
    /// <summary>A table with a line for each precision, what could not be trained, and the verdict.</summary>
    public static void Show(GpuReport report, Screen screen)
    {
        if (report.Training.FirstOrDefault(result => result.Missing is null) is { } first)
        {
            screen.Line($"{string.Join(", ", report.Libraries)}; {first.Gpu}");
            screen.Line($"a GPT of {first.Size} parameters, {first.Context} tokens of context, batches of {first.Batch}");
            screen.Line();
            screen.Table(
                [
                    new("PRECISION"),
                    new("TOKENS/S", Right: true),
                    new("X FP32", Right: true),
                    new("LINEAR", Right: true),
                    new("TFLOPS", Right: true),
                    new("MFU", Right: true),
                    new("GIB", Right: true),
                    new("MJ/TOKEN", Right: true),
                    new("OTHERS", Right: true),
                ],
                [
                    .. report
                        .Training.Where(result => result.Missing is null)
                        .Select(result => (IReadOnlyList<string>)[TrainingBench.Name(result), .. TrainingTable.Cells(result)]),
                ]
            );
            screen.Line();
        }

        foreach (var result in report.Training.Where(result => result is { Missing: not null, IsFailed: false }))
        {
            screen.Line($"{TrainingBench.Name(result)}: {result.Missing}");
        }

        foreach (var source in report.Training.Select(result => result.Reference?.Source).OfType<string>().Distinct())
        {
            screen.Line($"OTHERS, in TFLOPS: {source}");
        }

        GpuOptions.Show(report.Verdict, screen);
    }
}
