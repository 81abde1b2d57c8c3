using System.Globalization;
using Torchyard.Fit.Data;
using Torchyard.Fit.Rules;

namespace Torchyard.Fit.Require;

/// <summary>Holds an image's <c>NVIDIA_REQUIRE_CUDA</c> against what the driver can really run, and writes a truthful one.</summary>
public static class RequireCheck
{
    private static readonly DottedVersion NoCuda = DottedVersion.Parse("0");

    /// <summary>Compares an expression with the truth for a machine.</summary>
    /// <param name="expression">Value of the variable in the image.</param>
    /// <param name="cuda">CUDA release in the image.</param>
    /// <param name="target">The machine; its driver must be known.</param>
    /// <param name="tables">The facts.</param>
    public static Verdict Judge(RequireExpression expression, DottedVersion cuda, FitTarget target, FitTables tables)
    {
        const string Rule = "require";
        if (target.Driver is not { } driver)
        {
            return Verdict.Of(
                Rule,
                FitOutcome.Limited,
                "no driver is known for this machine, so the image's NVIDIA_REQUIRE_CUDA cannot be judged",
                "require-syntax"
            );
        }

        var own = tables.BranchOf(driver)?.Cuda ?? NoCuda;
        var (road, _) = DriverRule.Find(cuda, target, tables);
        var refused = target.Gpus.FirstOrDefault(gpu => !expression.Holds(new RequireFacts(own, driver, gpu.Capability, gpu.Brand)));
        return (refused, road) switch
        {
            (null, DriverRoad.None) => Verdict.Of(
                Rule,
                FitOutcome.Fail,
                $"NVIDIA_REQUIRE_CUDA accepts driver {driver}, but it cannot run CUDA {cuda.MajorMinor}",
                "require-syntax"
            ),
            (null, _) => Verdict.Of(
                Rule,
                FitOutcome.Pass,
                $"NVIDIA_REQUIRE_CUDA accepts driver {driver} on {target.Name}",
                "require-syntax"
            ),
            (_, DriverRoad.None) => Verdict.Of(
                Rule,
                FitOutcome.Fail,
                $"NVIDIA_REQUIRE_CUDA refuses driver {driver} on {refused.Name}, and rightly: it cannot run CUDA {cuda.MajorMinor}",
                "require-syntax"
            ),
            _ => Verdict.Of(
                Rule,
                FitOutcome.Fail,
                $"NVIDIA_REQUIRE_CUDA is stricter than the truth: it refuses driver {driver} on {refused.Name}, which can run CUDA "
                    + $"{cuda.MajorMinor}; "
                    + $"set NVIDIA_REQUIRE_CUDA=\"{Truthful(cuda, tables)}\" in the image, or NVIDIA_DISABLE_REQUIRE=1 at start",
                "require-too-strict",
                "require-syntax"
            ),
        };
    }

    /// <summary>An expression that accepts exactly the drivers that can run a CUDA release, forward compatibility left out.</summary>
    public static string Truthful(DottedVersion cuda, FitTables tables) =>
        tables.Families.FirstOrDefault(row => row.Cuda == cuda.Major) is { } family
            ? $"driver>={family.MinimumDriver}"
            : string.Create(CultureInfo.InvariantCulture, $"cuda>={cuda.MajorMinor}");
}
