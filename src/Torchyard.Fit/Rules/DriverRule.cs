using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>
/// Whether the kernel driver can run the CUDA release: directly, by minor-version compatibility within the family,
/// or by forward compatibility with a <c>cuda-compat</c> package.
/// </summary>
internal sealed class DriverRule : IFitRule
{
    public Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables) =>
        candidate.Torch.Cuda is { } cuda && target.Gpus.Count > 0 ? Find(cuda, target, tables).Verdict : null;

    /// <summary>The road for a CUDA release on a machine, with the reasoning.</summary>
    public static DriverFinding Find(DottedVersion cuda, FitTarget target, FitTables tables)
    {
        var family = tables.Families.FirstOrDefault(row => row.Cuda == cuda.Major);
        if (family is null)
        {
            return new DriverFinding(
                DriverRoad.None,
                Verdict.Of("driver", FitOutcome.Fail, $"no minimum driver is known for CUDA {cuda.Major}")
            );
        }

        var full = tables.BranchFor(cuda);
        var fullText = full is null ? "a newer one than any in the table" : $"branch {full.Branch}";
        if (target.Driver is not { } driver)
        {
            return new DriverFinding(
                DriverRoad.MinorVersion,
                Verdict.Of(
                    "driver",
                    FitOutcome.Limited,
                    $"no driver is known for this machine: CUDA {cuda.MajorMinor} needs {family.MinimumDriver} or newer, and for all its "
                        + $"features {fullText}",
                    [.. family.Source, .. full?.Source ?? []]
                )
            );
        }

        var branch = tables.BranchOf(driver);
        if (full is not null && driver.Major >= full.Branch && driver >= family.MinimumDriver)
        {
            return new DriverFinding(
                DriverRoad.Direct,
                Verdict.Of(
                    "driver",
                    FitOutcome.Pass,
                    $"driver {driver} supports CUDA "
                        + $"{branch!.Cuda}{(branch.Cuda == cuda.MajorMinor ? "" : $" and so CUDA {cuda.MajorMinor}")}"
                        + $"{Shipped(cuda, driver, tables)}",
                    branch.Source
                )
            );
        }

        if (driver >= family.MinimumDriver)
        {
            return new DriverFinding(
                DriverRoad.MinorVersion,
                Verdict.Of(
                    "driver",
                    FitOutcome.Limited,
                    $"driver {driver} is older than {fullText}, which supports CUDA {cuda.MajorMinor}, but not than "
                        + $"{family.MinimumDriver}, the minimum of CUDA {family.Cuda}: "
                        + $"minor-version compatibility; PTX of CUDA {cuda.MajorMinor} is not compiled and features newer than CUDA "
                        + $"{branch?.Cuda} are missing",
                    [.. family.Source, .. branch?.Source ?? []]
                )
            );
        }

        var (package, forward) = ForwardVerdict(cuda, driver, target, tables);
        var tooOld = Verdict.Of(
            "driver.minimum",
            FitOutcome.Fail,
            $"driver {driver} is older than {family.MinimumDriver}, the minimum of CUDA {family.Cuda}",
            family.Source
        );
        if (forward.Outcome == FitOutcome.Fail)
        {
            return new DriverFinding(
                DriverRoad.None,
                Verdict.Combine("driver", $"driver {driver} cannot run CUDA {cuda.MajorMinor}", [tooOld, forward])
            );
        }

        return new DriverFinding(
            DriverRoad.Forward,
            new Verdict
            {
                Rule = "driver",
                Outcome = FitOutcome.Limited,
                Fact = $"driver {driver} runs CUDA {cuda.MajorMinor} by forward compatibility only",
                Parts = [tooOld with { Outcome = FitOutcome.Limited }, forward],
            },
            package
        );
    }

    private static (ForwardPackage? Package, Verdict Verdict) ForwardVerdict(
        DottedVersion cuda,
        DottedVersion driver,
        FitTarget target,
        FitTables tables
    )
    {
        const string Rule = "driver.forward";
        var packages = ForwardPackages.From(cuda, tables).ToArray();
        if (packages.Length == 0)
        {
            return (null, Verdict.Of(Rule, FitOutcome.Fail, $"no forward-compatibility package is known for CUDA {cuda.MajorMinor}"));
        }

        var used = packages.Where(row => ForwardPackages.IsUsedOn(row, target, tables)).ToArray();
        if (used.Length == 0)
        {
            var branches = packages.SelectMany(row => row.Branches).Distinct().Order().ToArray();
            return (
                null,
                Verdict.Of(
                    Rule,
                    FitOutcome.Fail,
                    $"{packages[0].Package}{(packages.Length > 1 ? " and later ones accept" : " accepts")} drivers of the branches "
                        + $"{string.Join(", ", branches)}; {driver.Major} is not among them",
                    packages.SelectMany(row => row.Source).Distinct(StringComparer.Ordinal)
                )
            );
        }

        if (used.FirstOrDefault(row => ForwardPackages.IsSafeOn(row, target, tables)) is { } package)
        {
            return (
                package,
                Verdict.Of(
                    Rule,
                    FitOutcome.Limited,
                    $"with {package.Package} in the image, driver branch {driver.Major} and data-centre GPUs are accepted",
                    package.Source
                )
            );
        }

        if (target.Gpus.FirstOrDefault(gpu => !used[0].Classes.Contains(gpu.Class)) is { } wrong)
        {
            return (
                null,
                Verdict.Of(
                    Rule,
                    FitOutcome.Fail,
                    $"{used[0].Package} works on data-centre GPUs; {wrong.Name} is {Article(wrong.Class)}: CUDA error 804",
                    [.. used[0].Source, "error-804"]
                )
            );
        }

        var dropped = target.Gpus.First(gpu => !ForwardPackages.Supports(used[0], gpu, tables));
        return (
            null,
            Verdict.Of(
                Rule,
                FitOutcome.Fail,
                $"{used[0].Package} is of driver branch {ForwardPackages.Branch(used[0], tables)}, which no longer supports {dropped.Name}",
                [.. used[0].Source, "nvidia-legacy"]
            )
        );
    }

    private static string Article(GpuClass value) =>
        value switch
        {
            GpuClass.Workstation => "a workstation GPU",
            GpuClass.Consumer => "a consumer GPU",
            GpuClass.Jetson => "a Jetson",
            _ => "of an unknown class",
        };

    private static string Shipped(DottedVersion cuda, DottedVersion driver, FitTables tables)
    {
        var toolkit = tables.Toolkits.FirstOrDefault(row => row.Toolkit == cuda);
        return toolkit is not null && driver < toolkit.Driver
            ? $" (toolkit {toolkit.Toolkit} ships with the newer {toolkit.Driver} of the same branch)"
            : "";
    }
}

/// <summary>How CUDA reaches the driver of a machine, and why.</summary>
/// <param name="Road">The road.</param>
/// <param name="Verdict">The reasoning.</param>
/// <param name="Package">What the image needs for forward compatibility; null for nothing.</param>
internal sealed record DriverFinding(DriverRoad Road, Verdict Verdict, ForwardPackage? Package = null);
