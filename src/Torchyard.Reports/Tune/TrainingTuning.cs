using System.Globalization;
using Torchyard.Reports.Bench;

namespace Torchyard.Reports.Tune;

/// <summary>Settings that a measured training decides: what a switch gave here is worth more than what it gives in general.</summary>
public static class TrainingTuning
{
    /// <summary>Allows TF32 in the products of programs that never ask for it.</summary>
    public const string Tf32 = "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE";

    /// <summary>Less is not worth digits.</summary>
    private const double LeastGain = 1.1;

    /// <summary>The setting with what was seen as its reason, and turned round where it gave nothing.</summary>
    /// <param name="setting">A proposal.</param>
    /// <param name="seen">What <c>bench train</c> saw.</param>
    public static TuneSetting Explain(TuneSetting setting, IReadOnlyList<TrainingResult> seen)
    {
        ArgumentNullException.ThrowIfNull(setting);
        ArgumentNullException.ThrowIfNull(seen);
        if (setting is not { Name: Tf32, Present: null } || seen.FirstOrDefault(IsTf32) is not { SpeedUp: { } gain })
        {
            return setting;
        }

        var faster = seen.Where(r => r is { Missing: null, Gpus: <= 1, SpeedUp: not null }).MaxBy(r => r.SpeedUp)!;
        var best =
            faster.SpeedUp > gain
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"; {TrainingBench.Name(faster)} in the program itself: {faster.SpeedUp:0.0} times"
                )
                : "";
        return gain >= LeastGain
            ? setting with
            {
                Reason = string.Create(
                    CultureInfo.InvariantCulture,
                    $"FP32 products on tensor cores (TF32), about three decimal digits: bench train saw {gain:0.0} times FP32 here{best}"
                ),
            }
            : setting with
            {
                Value = "0",
                Reason = string.Create(
                    CultureInfo.InvariantCulture,
                    $"bench train saw {gain:0.00} times FP32 with TF32 here: not worth the digits{best}"
                ),
            };
    }

    private static bool IsTf32(TrainingResult result) => result is { Precision: "tf32", Missing: null, Gpus: <= 1 };
}
