using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Images.BaseImages;
using Torchyard.Images.Environments;
using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Packages.Debian.Indexes;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Locking;

/// <summary>The image of the store that a recipe builds on, <c>base.image</c>.</summary>
/// <param name="host">Who asks, from where.</param>
internal sealed class ProjectBase(Host host)
{
    // ID of os-release.
    private const string Debian = "debian";

    /// <summary>What the lock says of it: as it was locked while the store has it, else as it is now; null where there is none.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="before">The lock as it was, of which it is kept; null to take it as it is now.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY3060: it is not in the store; TY3063: it has another architecture.</exception>
    public async Task<LockedBase?> LockAsync(RecipeSource source, RecipeLock? before, CancellationToken cancellation)
    {
        if (source.Recipe.Base.Image is not { } name)
        {
            return null;
        }

        if (
            before?.Base is { } kept
            && before.Recipe.Base.Image == name
            && before.Recipe.Base.Architecture == source.Recipe.Base.Architecture
            && new ImageStore(host.Store).IsComplete(kept.Manifest)
        )
        {
            return kept;
        }

        // No prune between reading and the lock that names it.
        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        var image = await FindAsync(source, name, cancellation);
        var layers = await new RepairingLayers(host).EnsureAsync(image, host.Progress, cancellation);
        var locked = BaseImageReader.Read(host.Store, image, layers);
        if (locked.Architecture != source.Recipe.Base.Architecture)
        {
            throw new TorchyardException(
                "TY3063",
                $"the image '{name}' is for {locked.Architecture}, and the recipe for {source.Recipe.Base.Architecture}",
                $"write architecture = \"{locked.Architecture}\" below [base], or name an image for " + source.Recipe.Base.Architecture
            )
            {
                IsUsage = true,
                Location = RecipePlaces.Of(source.File, "base.image"),
            };
        }

        if (image.Config.Entrypoint is [var program, ..] && program != EnvironmentFiles.SupervisorPath)
        {
            host.Progress.Note(
                $"{name} starts {program}; an image of Torchyard starts its supervisor in its place, as user trainer in /workspace"
            );
        }

        return locked;
    }

    /// <summary>What is installed in a locked base image, and the recipe with its suite.</summary>
    /// <param name="source">The recipe's place.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="image">The image.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2044: no package of Debian can be added to it.</exception>
    public async Task<(Recipe Recipe, InstalledPackages Installed)> InstalledAsync(
        RecipeSource source,
        Recipe recipe,
        LockedBase image,
        CancellationToken cancellation
    )
    {
        var name = recipe.Base.Image;
        var suite = recipe.Base.Suite.Length > 0 ? recipe.Base.Suite : image.Suite;
        var why =
            image.Packages.Count == 0 ? "dpkg has nothing installed in it"
            : image.Distribution is { } other && other != Debian ? $"its system is {other}, and packages of Debian do not fit to that"
            : null;
        if (why is not null || suite is null)
        {
            throw new TorchyardException(
                "TY2044",
                $"no package can be added to the base image '{name}': {why ?? "its os-release does not say which release of Debian it is"}",
                why is null
                    ? "write the codename as suite below [base], such as suite = \"trixie\""
                    : "take 'packages' out of the recipe; [[files]] and [[run]] go upon any image"
            )
            {
                IsUsage = true,
                Location = RecipePlaces.Of(source.File, "packages"),
            };
        }

        var store = new ImageStore(host.Store);
        using var use = await store.BeginUseAsync(host.Progress, cancellation);
        var stored = store.Read(image.Manifest);
        var layers = await new RepairingLayers(host).EnsureAsync(stored, host.Progress, cancellation);
        return (
            recipe with
            {
                Base = recipe.Base with { Suite = suite },
            },
            InstalledPackages.Read(BaseImageReader.Status(layers), image.Architecture)
        );
    }

    /// <summary>Refuses <c>[python]</c> upon an image that has Python packages in its place.</summary>
    /// <exception cref="TorchyardException">TY3065.</exception>
    public static void RequireNoVenv(RecipeSource source, LockedBase? image)
    {
        if (
            image?.Environment.Any(variable =>
                variable.StartsWith("PATH=", StringComparison.Ordinal)
                && variable["PATH=".Length..].Split(':').Contains($"{LockedPython.VenvPath}/bin", StringComparer.Ordinal)
            ) == true
        )
        {
            throw new TorchyardException(
                "TY3065",
                $"the base image '{source.Recipe.Base.Image}' has Python packages in {LockedPython.VenvPath}, where [python] installs",
                "take its packages over into [python] of this recipe and build on an image without them, or leave [python] out and install "
                    + "the rest with pip in the environment"
            )
            {
                IsUsage = true,
                Location = RecipePlaces.Of(source.File, "base.image"),
            };
        }
    }

    /// <summary>Says that the name of a locked base image means another one by now.</summary>
    public void TellMoved(RecipeLock locked)
    {
        if (
            locked is { Base: { } image, Recipe.Base.Image: { } name }
            && new ImageStore(host.Store).TryResolve(name) is { } now
            && now != image.Manifest
        )
        {
            host.Progress.Note(
                $"{name} is another image by now, sha256:{now.Hex[..12]}…; the lock stays with sha256:{image.Manifest.Hex[..12]}… "
                    + "until 'torchyard lock --upgrade'"
            );
        }
    }

    private async Task<StoredImage> FindAsync(RecipeSource source, string name, CancellationToken cancellation)
    {
        try
        {
            return await new RepairedImage(host).FindAsync(name, cancellation);
        }
        catch (TorchyardException missing) when (missing.Code == ImageCodes.NoSuchImage)
        {
            throw new TorchyardException(
                "TY3060",
                $"there is no image '{name}' in the store, which the recipe builds on",
                missing.Cure.Contains("pull", StringComparison.Ordinal)
                    ? missing.Cure
                    : $"{missing.Cure}; 'torchyard pull' fetches one of a registry, 'torchyard capture' makes one of an environment",
                missing
            )
            {
                IsUsage = true,
                Location = RecipePlaces.Of(source.File, "base.image"),
            };
        }
    }
}
