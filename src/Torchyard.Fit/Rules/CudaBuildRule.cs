using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>A machine with GPUs needs a build with CUDA: pip and uv may take the CPU build without a word.</summary>
internal sealed class CudaBuildRule : IFitRule
{
    public Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables)
    {
        var row = candidate.Torch;
        var wheel = ForArchitecture(row, target.Architecture);
        if (wheel is null)
        {
            return Verdict.Of(
                "build",
                FitOutcome.Fail,
                $"there is no {target.Architecture} {(row.Package is null ? "wheel" : "build")} of {row.LocalVersion}",
                row.Source
            );
        }

        // What is missing counts more than what is not sure.
        if (Doubt(row) is { } doubt && (row.Cuda is null ? target.Gpus.Count == 0 : wheel.Value.Arch.Count > 0))
        {
            return Verdict.Of("build", FitOutcome.Limited, doubt, row.Source);
        }

        if (row.Cuda is { } cuda)
        {
            return wheel.Value.Arch.Count == 0
                ? Verdict.Of("build", FitOutcome.Fail, $"the {target.Architecture} wheel of {row.LocalVersion} has no CUDA", row.Source)
                : Verdict.Of("build", FitOutcome.Pass, $"{row.LocalVersion} is built with CUDA {cuda}", row.Source);
        }

        if (target.Gpus.Count == 0)
        {
            return Verdict.Of("build", FitOutcome.Pass, "a build without CUDA for a machine without NVIDIA GPUs", row.Source);
        }

        return Verdict.Of(
            "build",
            FitOutcome.Fail,
            $"{row.LocalVersion} has no CUDA: torch.cuda.is_available() would be False on {Names(target)}",
            row.Source
        );
    }

    /// <summary>Machine code and PTX of the wheel for an architecture; null when no such wheel is known.</summary>
    public static (IReadOnlyList<DottedVersion> Arch, IReadOnlyList<DottedVersion> Ptx)? ForArchitecture(
        TorchBuild row,
        string architecture
    ) =>
        architecture switch
        {
            "x86_64" => (row.Arch, row.Ptx),
            "aarch64" when row.Aarch64 is { } arch => (arch, row.Aarch64Ptx),
            _ => null,
        };

    private static string? Doubt(TorchBuild row) =>
        row.IsYanked ? $"{row.LocalVersion} was taken back by its publisher: pip takes it only when it is named exactly" : row.Inferred;

    private static string Names(FitTarget target) => string.Join(", ", target.Gpus.Select(gpu => gpu.Name).Distinct());
}
