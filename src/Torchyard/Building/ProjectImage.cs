using Torchyard.CommandLine;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Sandbox;
using Torchyard.Images;
using Torchyard.Images.Environments;
using Torchyard.Packages;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>From a recipe to its lock to its image, with the stages put together for this machine. What <c>lock</c>, <c>build</c> and <c>up</c> share.</summary>
internal sealed class ProjectImage(Invocation invocation)
{
    /// <summary>The lock that answers the recipe as it is now; resolves and writes one where there is none.</summary>
    public async Task<RecipeLock> EnsureLockAsync(RecipeSource source, CancellationToken cancellation)
    {
        var before = LockPlace.Read(source, invocation.Store);
        if (before is null || !LockFit.Fits(before, source.Recipe, source.DigestDirectory))
        {
            invocation.Screen.Progress.Note(before is null ? "There is no lock yet: resolving the recipe" : "The recipe changed: resolving it again");
            return await LockAsync(source, cancellation);
        }

        // Of a preset nobody keeps the lock under version control, so a newer program may bring its own tools without asking.
        return source.Preset is not null ? WithOwnTools(source, before) : before;
    }

    /// <summary>Resolves the recipe against the archives as they are now, and writes the lock.</summary>
    /// <exception cref="TorchyardException">TY1012 to TY1014, TY2xxx, TY4802.</exception>
    public async Task<RecipeLock> LockAsync(RecipeSource source, CancellationToken cancellation)
    {
        var recipe = source.Recipe;
        if (recipe.Python is { Pylock: null } asked)
        {
            // A mistake in a requirement is told now, not after the base system is built.
            _ = RecipeRequirements.Read(asked, source.Directory, invocation.Caller.Variable);
        }

        var digest = RecipeDigest.Of(recipe, source.DigestDirectory);
        using var packages = OpenPackages();
        var debian = await packages.LockAsync(
            recipe with
            {
                Base = recipe.Base with { Keyrings = [.. recipe.Base.Keyrings.Select(file => Path.GetFullPath(file, source.Directory))] },
            },
            cancellation);
        var locked = new RecipeLock
        {
            RecipeDigest = digest,
            Recipe = recipe,
            SourceDateEpoch = debian.SourceDateEpoch,
            Archives = debian.Archives,
            Packages = debian.Packages,
            Tools = OwnTools(recipe),
        };
        LockFit.RequireServices(locked);
        if (recipe.Python is not null)
        {
            locked = locked with { Python = await LockPythonAsync(source, locked, cancellation) };
        }

        LockPlace.Write(source, invocation.Store, locked);
        return locked;
    }

    /// <summary>The same packages with what this program itself puts into images; written when that changed.</summary>
    public RecipeLock WithOwnTools(RecipeSource source, RecipeLock locked)
    {
        var tools = OwnTools(locked.Recipe);
        if (locked.Tools == tools)
        {
            return locked;
        }

        var renewed = locked with { Tools = tools };
        LockPlace.Write(source, invocation.Store, renewed);
        return renewed;
    }

    /// <summary>Makes the image of a lock, or finds it in the store.</summary>
    public async Task<StoredImage> BuildAsync(RecipeLock locked, CancellationToken cancellation)
    {
        using var packages = OpenPackages();
        using var python = OpenPython(locked);
        var builder = Builder(packages, python);
        return invocation.Caller.IsRoot
            ? await builder.BuildAsync(locked, invocation.Screen.Progress, cancellation)
            : await builder.FindAsync(locked, cancellation) ?? await BuildInNamespaceAsync(locked, builder, cancellation);
    }

    /// <summary>Makes what the store lost of the image of a lock. Only for root, also of the store's user namespace.</summary>
    /// <returns>Digest of the manifest.</returns>
    public async Task<Digest> RemakeAsync(RecipeLock locked, CancellationToken cancellation)
    {
        using var packages = OpenPackages();
        using var python = OpenPython(locked);
        return await Builder(packages, python).RemakeAsync(locked, invocation.Screen.Progress, cancellation);
    }

    /// <summary>Layers have files of many users, which an ordinary user can only make in a user namespace: the program builds there.</summary>
    private async Task<StoredImage> BuildInNamespaceAsync(RecipeLock locked, ImageBuilder builder, CancellationToken cancellation)
    {
        // Made from out here, these belong to the caller however the build ends.
        foreach (var directory in new[] { invocation.Store.Root, invocation.Store.Oci, invocation.Store.Layers, invocation.Store.Temporary })
        {
            Directory.CreateDirectory(directory);
        }

        using var use = await new ImageStore(invocation.Store).BeginUseAsync(invocation.Screen.Progress, cancellation);
        var file = Path.Combine(invocation.Store.Temporary, $"build-{Guid.NewGuid():N}.lock");
        AtomicFile.WriteText(file, LockText.Write(locked));
        try
        {
            invocation.Screen.CloseProgress();
            var status = await new StoreNamespace(invocation.Store, SelfProgram.Current).RunAsync(
                ["--store", invocation.Store.Root, "build", file], keepOutput: false, cancellation);
            return status == ExitCode.Done && await builder.FindAsync(locked, cancellation) is { } built
                ? built
                : throw new TorchyardException(
                    "TY4008", $"the build inside the user namespace ended with exit status {status}; the lines above say why",
                    "do what they say, then run the same command again: it goes on from there");
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>
    /// Python requirements are resolved by the base system's own pip, so the base system is built first; its layers are those of the image.
    /// </summary>
    private async Task<LockedPython> LockPythonAsync(RecipeSource source, RecipeLock locked, CancellationToken cancellation)
    {
        var system = await BuildAsync(
            locked with { Recipe = locked.Recipe with { Name = locked.Recipe.Name + "-base", Python = null } }, cancellation);
        var lower = await new MendingLayers(invocation).EnsureAsync(system, invocation.Screen.Progress, cancellation);
        using var python = new ProjectPython(invocation);
        var sandbox = new OciRootSandbox(invocation.Store, new MachineRuntimeSource(), SelfProgram.Current);
        return await python.LockAsync(source, locked, lower, sandbox, cancellation);
    }

    private ImageBuilder Builder(DebianPackages packages, ProjectPython? python) => new(
        invocation.Store,
        packages.CreateFetcher(),
        new OciRootSandbox(invocation.Store, new MachineRuntimeSource(), SelfProgram.Current),
        Supervisor(),
        python?.CreateFetcher(invocation.Caller.WorkingDirectory));

    private ProjectPython? OpenPython(RecipeLock locked) => locked.Python is null ? null : new ProjectPython(invocation);

    private static SupervisorProgram Supervisor() => SupervisorProgram.Read(AppContext.BaseDirectory);

    private static LockedTools OwnTools(Recipe recipe) =>
        new(ImageBuilder.Format, Supervisor().Digest, ImageBuilder.Compressor(recipe.Image));

    private DebianPackages OpenPackages() =>
        new(invocation.Store, invocation.Screen.Progress, invocation.Caller.Clock, invocation.Caller.Variable);
}
