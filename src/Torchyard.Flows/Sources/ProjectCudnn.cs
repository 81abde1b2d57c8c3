using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Packages.Nvidia;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Sources;

/// <summary>The cuDNN of a project: NVIDIA's, where packages of Debian are linked against it.</summary>
internal sealed class ProjectCudnn(Host host)
{
    /// <summary>Says which archive of cuDNN the locked packages need; null when they need none.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="packages">The locked packages.</param>
    /// <param name="before">The lock as it was, or null.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY1016: the recipe does not accept the licence; TY1017: nothing needs cuDNN; TY2060 to
    /// TY2064.</exception>
    public async Task<LockedCudnn?> LockAsync(
        RecipeSource source,
        IReadOnlyList<LockedDebianPackage> packages,
        RecipeLock? before,
        LockOptions options,
        CancellationToken cancellation
    )
    {
        var settings = source.Recipe.Cudnn;
        var package = packages.FirstOrDefault(package => package.Name == CudnnInstaller.Package);
        if (package is null)
        {
            return settings is null
                ? null
                : throw new TorchyardException(
                    "TY1017",
                    "the recipe has [cudnn], but none of its packages needs it",
                    "remove [cudnn], or add the package of Debian that needs it, such as \"python3-torch-cuda\""
                )
                {
                    IsUsage = true,
                };
        }

        if (settings is not { AcceptLicense: true })
        {
            throw new TorchyardException(
                "TY1016",
                $"the packages need cuDNN (Debian's {package.Name} {package.Version}), which is NVIDIA's and comes under a licence of "
                    + $"its own: {CudnnSettings.LicenseUrl}",
                "if you accept it, write into the recipe: [cudnn] and below it accept-license = true"
            )
            {
                IsUsage = true,
            };
        }

        if (CudnnInstaller.Find(packages) is not { } installer)
        {
            throw new TorchyardException(
                "TY2064",
                $"which cuDNN Debian's {package.Name} {package.Version} installs cannot be read from its version",
                "pin a version such as \"nvidia-cudnn=9.0.0.312~cuda12\" in 'packages'"
            );
        }

        using var archives = Open(settings, source.Directory);
        // What nobody may be asked about stays.
        var renew = !options.Offline && (options.Upgrade || options.UpgradePackages.Contains(CudnnInstaller.Package));
        return await archives.LockAsync(installer, renew ? null : before?.Cudnn, options.Offline, cancellation);
    }

    /// <summary>Where the archive of a lock can be had; null for a lock without cuDNN.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="directory">Directory that its paths are relative to.</param>
    public CudnnArchives? Open(RecipeLock locked, string directory) =>
        locked.Cudnn is null ? null : Open(locked.Recipe.Cudnn ?? new CudnnSettings(), directory);

    private CudnnArchives Open(CudnnSettings settings, string directory) =>
        new(settings, directory, host.Store, host.Progress, host.Caller.Variable);
}
