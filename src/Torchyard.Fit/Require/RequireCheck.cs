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
    /// <param name="built">CUDA release of the build that goes into the image, where the expression names none of the image's own.</param>
    /// <param name="target">The machine; its driver must be known.</param>
    /// <param name="tables">The facts.</param>
    public static Verdict Judge(RequireExpression expression, DottedVersion built, FitTarget target, FitTables tables)
    {
        const string Rule = "require";
        ArgumentNullException.ThrowIfNull(expression);
        var cuda = expression.Cuda ?? built;
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
        var finding = DriverRule.Find(cuda, target, tables);
        var road = finding.Road;
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
                    + Advice(cuda, own, target, finding.Package, tables),
                "require-too-strict",
                "require-syntax"
            ),
        };
    }

    /// <summary>What to write instead: an expression only when it accepts this very machine.</summary>
    private static string Advice(DottedVersion cuda, DottedVersion own, FitTarget target, ForwardPackage? package, FitTables tables)
    {
        var truth = Truthful(cuda, tables);
        if (package is not null)
        {
            truth += string.Concat(
                package.Branches.Select(branch => string.Create(CultureInfo.InvariantCulture, $" driver>={branch},driver<{branch + 1}"))
            );
        }

        return
            RequireExpression.TryParse(truth, out var expression, out _)
            && target.Gpus.All(gpu => expression.Holds(new RequireFacts(own, target.Driver!.Value, gpu.Capability, gpu.Brand)))
            ? $"set NVIDIA_REQUIRE_CUDA=\"{truth}\" in the image, or NVIDIA_DISABLE_REQUIRE=1 at start"
            : "set NVIDIA_DISABLE_REQUIRE=1 at start";
    }

    /// <summary>An expression that accepts exactly the drivers that can run a CUDA release, forward compatibility left out.</summary>
    public static string Truthful(DottedVersion cuda, FitTables tables) =>
        tables.Families.FirstOrDefault(row => row.Cuda == cuda.Major) is { } family
            ? $"driver>={family.MinimumDriver}"
            : string.Create(CultureInfo.InvariantCulture, $"cuda>={cuda.MajorMinor}");
}
