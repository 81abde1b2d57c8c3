using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Packages.Nvidia;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Sources;

/// <summary>
/// The forward-compatibility libraries of a project: NVIDIA's, where the driver of a machine is too old for the CUDA of its PyTorch.
/// </summary>
internal sealed class ProjectCudaCompat(Host host)
{
    /// <summary>Name that <c>--upgrade-package</c> takes.</summary>
    public const string Package = "cuda-compat";

    /// <summary>Says which archive the machines of a lock need; null when they need none.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="proven">The PyTorch of the lock; null for none.</param>
    /// <param name="before">The lock as it was, or null.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY5209: the recipe does not accept the licence; TY5214: no release serves all machines; TY2060
    /// to TY2062, TY2065.</exception>
    public async Task<LockedCudaCompat?> LockAsync(
        RecipeSource source,
        ProvenFit? proven,
        RecipeLock? before,
        LockOptions options,
        CancellationToken cancellation
    )
    {
        var settings = source.Recipe.CudaCompat;
        if (proven is null || proven.Machines.All(machine => machine.Road != DriverRoad.Forward))
        {
            if (settings is not null)
            {
                host.Progress.Note(
                    "No machine of the lock needs forward compatibility: [cuda-compat] of the recipe brings nothing into the image"
                );
            }

            return null;
        }

        ForwardConsent.Require(source, proven.Machines, static () => null);
        var releases = Releases(proven, settings!.Release);
        using var archives = Open(settings, source.Directory);
        // What nobody may be asked about stays.
        var renew = !options.Offline && (options.Upgrade || options.UpgradePackages.Contains(Package));
        return await archives.LockAsync(
            releases,
            source.Recipe.Base.Architecture,
            renew ? null : before?.CudaCompat,
            options.Offline,
            cancellation
        );
    }

    /// <summary>Where the archive of a lock can be had; null for a lock without one.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="directory">Directory that its paths are relative to.</param>
    public CudaCompatArchives? Open(RecipeLock locked, string directory) =>
        locked.CudaCompat is null ? null : Open(locked.Recipe.CudaCompat ?? new CudaCompatSettings(), directory);

    private static List<CudaCompatRelease> Releases(ProvenFit proven, string? release)
    {
        var tables = FitTables.Default;
        var serving = ForwardChoice.Releases(proven.Machines[0].Candidate.Torch.Cuda!.Value, proven.Machines, tables);
        var wanted = serving
            .Where(row => release is null || row.Cuda.ToString() == release)
            .Select(row => new CudaCompatRelease(row.Cuda.ToString(), row.Manifest, ForwardChoice.Branch(row, tables)))
            .ToList();
        if (wanted.Count > 0)
        {
            return wanted;
        }

        var names = string.Join(
            ", ",
            proven
                .Machines.Select(machine => $"{machine.Target.Name} (driver {machine.Target.Driver?.ToString() ?? "unknown"})")
                .Distinct(StringComparer.Ordinal)
        );
        throw serving.Count > 0
            ? new TorchyardException(
                "TY5214",
                $"cuda-compat.release is {release}, which does not serve {names}",
                $"leave cuda-compat.release out, or write one of {string.Join(", ", serving.Select(row => row.Cuda))}"
            )
            {
                IsUsage = true,
            }
            : new TorchyardException(
                "TY5214",
                $"no release of cuda-compat serves all machines of the lock: {names}",
                "give the machines locks of their own, or bring the older drivers up to date; 'torchyard fit' says what each needs"
            );
    }

    private CudaCompatArchives Open(CudaCompatSettings settings, string directory) =>
        new(settings, directory, host.Store, host.Progress, host.Caller.Variable);
}
