using Torchyard.CommandLine;
using Torchyard.Gpus.Fit;
using Torchyard.Packages.CudaCompat;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>The forward-compatibility libraries of a project: NVIDIA's, where the driver of a machine is too old for the CUDA of its PyTorch.</summary>
internal sealed class ProjectCudaCompat(Invocation invocation)
{
    /// <summary>Name that <c>--upgrade-package</c> takes.</summary>
    public const string Package = "cuda-compat";

    /// <summary>Refuses a stack that needs the libraries where the recipe does not accept their licence.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="machines">The verdicts for the stack.</param>
    /// <param name="otherwise">What does without, as a sentence; null when nothing is known to.</param>
    /// <exception cref="TorchyardException">TY5209.</exception>
    public static void RequireConsent(RecipeSource source, IReadOnlyList<StackVerdict> machines, Func<string?> otherwise)
    {
        if (source.Recipe.CudaCompat is { AcceptLicense: true } || machines.FirstOrDefault(machine => machine.CompatPackage is not null) is not { } forward)
        {
            return;
        }

        var recipe = source.Preset is { } preset ? $"a recipe ('torchyard init {preset}' makes one of the preset)" : "the recipe";
        string?[] ways =
        [
            $"if you accept their licence, write into {recipe}: [cuda-compat] and below it accept-license = true",
            otherwise(),
            "or bring the driver up to date",
        ];
        throw new TorchyardException(
            "TY5209",
            $"{forward.Candidate} runs on {forward.Target.Name} (driver {forward.Target.Driver}) only with {forward.CompatPackage} in the image: libraries that are NVIDIA's "
            + $"and come under a licence of their own: {CudaCompatSettings.LicenseUrl}",
            string.Join("; ", ways.OfType<string>()));
    }

    /// <summary>Says which archive the machines of a lock need; null when they need none.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="proven">The PyTorch of the lock; null for none.</param>
    /// <param name="before">The lock as it was, or null.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY5209: the recipe does not accept the licence; TY5214: no release serves all machines; TY2060 to TY2062, TY2065.</exception>
    public async Task<LockedCudaCompat?> LockAsync(
        RecipeSource source, ProvenFit? proven, RecipeLock? before, LockOptions options, CancellationToken cancellation)
    {
        var settings = source.Recipe.CudaCompat;
        if (proven is null || proven.Machines.All(machine => machine.Road != DriverRoad.Forward))
        {
            if (settings is not null)
            {
                invocation.Screen.Progress.Note("No machine of the lock needs forward compatibility: [cuda-compat] of the recipe brings nothing into the image");
            }

            return null;
        }

        RequireConsent(source, proven.Machines, static () => null);
        var releases = Releases(proven, settings!.Release);
        using var archives = Open(settings, source.Directory);
        // What nobody may be asked about stays.
        var renew = !options.Offline && (options.Upgrade || options.UpgradePackages.Contains(Package));
        return await archives.LockAsync(releases, source.Recipe.Base.Architecture, renew ? null : before?.CudaCompat, options.Offline, cancellation);
    }

    /// <summary>Where the archive of a lock can be had; null for a lock without one.</summary>
    public CudaCompatArchives? Open(RecipeLock locked) => locked.CudaCompat is null ? null
        : Open(locked.Recipe.CudaCompat ?? new CudaCompatSettings(), invocation.Caller.WorkingDirectory);

    private static List<CudaCompatRelease> Releases(ProvenFit proven, string? release)
    {
        var tables = FitTables.Default;
        var serving = ForwardChoice.Releases(proven.Machines[0].Candidate.Torch.Cuda!.Value, proven.Machines, tables);
        var wanted = serving.Where(row => release is null || row.Cuda.ToString() == release)
            .Select(row => new CudaCompatRelease(row.Cuda.ToString(), row.Manifest, ForwardChoice.Branch(row, tables))).ToList();
        if (wanted.Count > 0)
        {
            return wanted;
        }

        var names = string.Join(", ", proven.Machines.Select(machine => $"{machine.Target.Name} (driver {machine.Target.Driver?.ToString() ?? "unknown"})").Distinct(StringComparer.Ordinal));
        throw serving.Count > 0
            ? new TorchyardException(
                "TY5214", $"cuda-compat.release is {release}, which does not serve {names}", $"leave cuda-compat.release out, or write one of {string.Join(", ", serving.Select(row => row.Cuda))}")
            {
                IsUsage = true,
            }
            : new TorchyardException(
                "TY5214", $"no release of cuda-compat serves all machines of the lock: {names}", "give the machines locks of their own, or bring the older drivers up to date; 'torchyard fit' says what each needs");
    }

    private CudaCompatArchives Open(CudaCompatSettings settings, string directory) =>
        new(settings, directory, invocation.Store, invocation.Screen.Progress, invocation.Caller.Variable);
}
