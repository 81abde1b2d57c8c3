using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>
/// Whether the build has code for the GPU: machine code of the same major version and at most its minor version,
/// or PTX that the driver can compile (CUDA C++ Programming Guide, "Compute capabilities").
/// </summary>
internal sealed class ArchitectureRule : IFitRule
{
    public Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables)
    {
        if (
            candidate.Torch.Cuda is not { } cuda
            || target.Gpus.Count == 0
            || CudaBuildRule.ForArchitecture(candidate.Torch, target.Architecture) is not { Arch.Count: > 0 } wheel
        )
        {
            return null;
        }

        var parts = target
            .Gpus.DistinctBy(gpu => gpu.Capability)
            .Select(gpu => Judge(gpu, candidate.Torch, wheel.Arch, wheel.Ptx, cuda, target.Driver, tables))
            .ToArray();
        return parts.Length == 1 ? parts[0] : Verdict.Combine("architecture", $"{candidate.Torch.LocalVersion} and the GPUs", parts);
    }

    private static Verdict Judge(
        TargetGpu gpu,
        TorchBuild build,
        IReadOnlyList<DottedVersion> arch,
        IReadOnlyList<DottedVersion> ptx,
        DottedVersion cuda,
        DottedVersion? driver,
        FitTables tables
    )
    {
        const string Rule = "architecture";
        if (arch.Contains(gpu.Capability))
        {
            return Verdict.Of(
                Rule,
                FitOutcome.Pass,
                $"{build.LocalVersion} has machine code for {gpu.Name} (sm_{Digits(gpu.Capability)})",
                build.Source
            );
        }

        // Machine code of desktop GPUs does not run on Tegra chips of the same major version, nor the other way round.
        var tegra = tables.Architectures.Any(row => row.Tegra && row.Capability == gpu.Capability);
        var near = tegra
            ? []
            : arch.Where(sm =>
                    sm.Major == gpu.Capability.Major
                    && sm < gpu.Capability
                    && !tables.Architectures.Any(row => row.Tegra && row.Capability == sm)
                )
                .ToArray();
        if (
            near.Length > 0
            && tables.Architectures.FirstOrDefault(row => row.Capability == gpu.Capability) is { } own
            && IsNew(own, tables)
        )
        {
            return Verdict.Of(
                Rule,
                FitOutcome.Limited,
                $"{build.LocalVersion} has machine code of sm_{Digits(near.Max())}, which {gpu.Name} ({own.Name}, {gpu.Capability}) runs; "
                    + $"no build of PyTorch is made with a CUDA release that knows {own.Name}, so nothing is tuned for it",
                [.. build.Source, .. own.Source, "cuda-guide"]
            );
        }

        if (near.Length > 0)
        {
            return Verdict.Of(
                Rule,
                FitOutcome.Pass,
                $"{build.LocalVersion} has machine code of sm_{Digits(near.Max())}, which {gpu.Name} ({gpu.Capability}) runs",
                [.. build.Source, "cuda-guide"]
            );
        }

        var have = string.Join(" ", arch.Select(sm => "sm_" + Digits(sm)).Concat(ptx.Select(p => "compute_" + Digits(p))));
        var usable = ptx.Where(p => p <= gpu.Capability).ToArray();
        if (usable.Length == 0)
        {
            return Verdict.Of(
                Rule,
                FitOutcome.Fail,
                $"{build.LocalVersion} has no code for {gpu.Name} (sm_{Digits(gpu.Capability)}); it has {have}",
                [.. build.Source, "cuda-guide"]
            );
        }

        if (driver is { } known && tables.BranchOf(known) is { } branch && branch.Cuda < cuda.MajorMinor)
        {
            return Verdict.Of(
                Rule,
                FitOutcome.Fail,
                $"{build.LocalVersion} has only PTX for {gpu.Name} (sm_{Digits(gpu.Capability)}), and driver {known} (CUDA "
                    + $"{branch.Cuda}) cannot compile PTX of CUDA {cuda.MajorMinor}",
                [.. build.Source, .. branch.Source, "cuda-guide"]
            );
        }

        return Verdict.Of(
            Rule,
            FitOutcome.Limited,
            $"{build.LocalVersion} has only PTX (compute_{Digits(usable.Max())}) for {gpu.Name} (sm_{Digits(gpu.Capability)}): the "
                + "driver compiles it at first use, slowly",
            [.. build.Source, "cuda-guide"]
        );
    }

    /// <summary>True when the GPU came with a CUDA release that is newer than that of every build.</summary>
    private static bool IsNew(GpuArchitecture own, FitTables tables) =>
        own.FirstBranch is { } first
        && tables.Branches.FirstOrDefault(row => row.Branch == first) is { } branch
        && tables.Builds.All(row => row.Cuda is not { } cuda || cuda.MajorMinor < branch.Cuda);

    private static string Digits(DottedVersion capability) => $"{capability.Major}{capability.Minor}";
}
