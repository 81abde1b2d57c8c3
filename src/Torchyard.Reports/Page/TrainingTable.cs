using System.Globalization;
using Torchyard.Reports.Bench;

namespace Torchyard.Reports.Page;

/// <summary>The numbers of a training as text, for tables of the terminal and of the page.</summary>
public static class TrainingTable
{
    private const double Gibibyte = 1 << 30;

    /// <summary>
    /// Tokens/s, times FP32, share of linear scaling, TFLOPS, MFU, GiB, mJ/token, TFLOPS of others; a dash for what is not known.
    /// </summary>
    public static IReadOnlyList<string> Cells(TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return
        [
            Number(result.TokensPerSecond, "#,0"),
            Number(result.SpeedUp, "0.00"),
            Number(result.Scaling, "0%"),
            Number(result.Tflops, result.Tflops < 10 ? "0.00" : "0"),
            Number(result.Mfu, "0.0%"),
            Number(result.MemoryBytes / Gibibyte, "0.0"),
            Number(result.JoulesPerToken * 1000, "0.00"),
            Number(result.Reference?.Tflops, "0"),
        ];
    }

    private static string Number(double? value, string format) =>
        value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "-";
}
