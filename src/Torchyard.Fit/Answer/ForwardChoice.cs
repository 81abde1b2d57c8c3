using Torchyard.Fit.Data;
using Torchyard.Fit.Rules;
using Torchyard.Recipes.Locks;

namespace Torchyard.Fit.Answer;

/// <summary>
/// Which releases' forward-compatibility libraries serve the machines of a stack. A driver runs what was built for its own CUDA release and
/// for every earlier one, so later releases than the build's come into question, as long as they accept every machine that would use them.
/// </summary>
public static class ForwardChoice
{
    /// <summary>The releases, nearest to the build's first.</summary>
    /// <param name="cuda">CUDA release of the build.</param>
    /// <param name="machines">All machines of the stack.</param>
    /// <param name="tables">The facts.</param>
    public static IReadOnlyList<ForwardPackage> Releases(DottedVersion cuda, IReadOnlyList<StackVerdict> machines, FitTables tables)
    {
        var needing = machines.Where(machine => machine.Road == DriverRoad.Forward).Select(machine => machine.Target).ToList();
        return
        [
            .. ForwardPackages
                .From(cuda, tables)
                .Where(row =>
                    needing.All(target => ForwardPackages.IsUsedOn(row, target, tables))
                    && machines.All(machine => ForwardPackages.IsSafeOn(row, machine.Target, tables))
                ),
        ];
    }

    /// <summary>True when the libraries of a release are what lets a machine run a stack that needs forward compatibility.</summary>
    /// <param name="cuda">The release, as the lock has it.</param>
    /// <param name="target">The machine.</param>
    /// <param name="tables">The facts.</param>
    public static bool Serves(DottedVersion cuda, FitTarget target, FitTables tables) =>
        tables.Forward.FirstOrDefault(row => row.Cuda == cuda) is { } package
        && ForwardPackages.IsUsedOn(package, target, tables)
        && ForwardPackages.IsSafeOn(package, target, tables);

    /// <summary>False when a container on the machine would take the libraries of a release and fail with them.</summary>
    /// <param name="cuda">The release, as the lock has it.</param>
    /// <param name="target">The machine.</param>
    /// <param name="tables">The facts.</param>
    public static bool IsSafe(DottedVersion cuda, FitTarget target, FitTables tables) =>
        tables.Forward.FirstOrDefault(row => row.Cuda == cuda) is not { } package || ForwardPackages.IsSafeOn(package, target, tables);

    /// <summary>
    /// Why the libraries of a lock, or their lack, keep its stack from running on a machine that fits otherwise; null when they do not.
    /// </summary>
    /// <param name="compat">The libraries of the lock, or null.</param>
    /// <param name="verdict">The stack on the machine.</param>
    /// <param name="tables">The facts.</param>
    public static string? Problem(LockedCudaCompat? compat, StackVerdict verdict, FitTables tables)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        var release = compat is not null && DottedVersion.TryParse(compat.Cuda, out var parsed) ? parsed : (DottedVersion?)null;
        if (verdict.Road == DriverRoad.Forward && (release is not { } own || !Serves(own, verdict.Target, tables)))
        {
            return string.Join('\n', VerdictText.Lines(verdict.Verdict, sources: false))
                + (
                    compat is null
                        ? "\nthe lock has no cuda-compat"
                        : $"\nthe lock has {compat.Title} of CUDA {compat.Cuda}, which does not serve driver {verdict.Target.Driver}"
                );
        }

        return release is { } other && !IsSafe(other, verdict.Target, tables)
            ? $"the image has {compat!.Title}, which a container here would use with driver {verdict.Target.Driver}, and it does not "
                + $"work on {string.Join(", ", verdict.Target.Gpus.Select(gpu => gpu.Name).Distinct(StringComparer.Ordinal))} (CUDA "
                + "error 804)"
            : null;
    }

    /// <summary>The driver branch that the libraries are of.</summary>
    public static int Branch(ForwardPackage package, FitTables tables) => ForwardPackages.Branch(package, tables);
}
