using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>A driver knows the GPUs of its time: not the ones after it, and from some branch on not the oldest.</summary>
internal sealed class GpuDriverRule : IFitRule
{
    public Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables)
    {
        if (target.Driver is not { } driver || target.Gpus.Count == 0)
        {
            return null;
        }

        var parts = target.Gpus.DistinctBy(gpu => gpu.Capability).Select(gpu => Judge(gpu, driver, tables)).ToArray();
        return parts.Length == 1 ? parts[0] : Verdict.Combine("gpu-driver", $"driver {driver} and the GPUs", parts);
    }

    private static Verdict Judge(TargetGpu gpu, DottedVersion driver, FitTables tables)
    {
        var row = tables.Architectures.FirstOrDefault(row => row.Capability == gpu.Capability);
        if (row is null)
        {
            return Verdict.Of(
                "gpu-driver",
                FitOutcome.Limited,
                $"{gpu.Name} has compute capability {gpu.Capability}, which is not in the table"
            );
        }

        if (row.FirstBranch is { } first && driver.Major < first)
        {
            return Verdict.Of(
                "gpu-driver",
                FitOutcome.Fail,
                $"driver {driver} does not know {gpu.Name} ({row.Name}, {gpu.Capability}): that began with branch {first}",
                row.Source
            );
        }

        if (row.ListedFrom is { } begin && driver < begin)
        {
            return Verdict.Of(
                "gpu-driver",
                FitOutcome.Limited,
                $"the device list of driver {driver} does not name {gpu.Name} ({row.Name}, {gpu.Capability}), that of {begin} is "
                    + "the first: it may work, and a newer driver of the branch is safer",
                row.Source
            );
        }

        if (row.LastBranch is { } last && driver.Major > last)
        {
            return Verdict.Of(
                "gpu-driver",
                FitOutcome.Fail,
                $"driver {driver} no longer supports {gpu.Name} ({row.Name}, {gpu.Capability}): branch {last} was the last",
                row.Source
            );
        }

        return Verdict.Of("gpu-driver", FitOutcome.Pass, $"driver {driver} supports {gpu.Name} ({row.Name}, {gpu.Capability})", row.Source);
    }
}
