using Torchyard.CommandLine;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sandbox;
using Torchyard.Gpus.Fit;
using Torchyard.Images;
using Torchyard.Images.Environments;
using Torchyard.Images.Wheels;
using Torchyard.Packages;
using Torchyard.Packages.CudaCompat;
using Torchyard.Packages.Cudnn;
using Torchyard.Packages.Fetching;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>A lock and the file that it belongs in.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Lock">The lock.</param>
internal sealed record PlacedLock(string Path, RecipeLock Lock);

/// <summary>From a recipe to its lock to its image, with the stages put together for this machine. What <c>lock</c>, <c>build</c> and <c>up</c> share.</summary>
internal sealed class ProjectImage(Invocation invocation)
{
    // Debian's package.
    private const string Git = "git";

    private readonly ProjectFit _fit = new(invocation);
    private readonly ProjectCudnn _cudnn = new(invocation);
    private readonly ProjectCudaCompat _compat = new(invocation);

    /// <summary>The lock that answers the recipe as it is now, and this machine; resolves and writes one where there is none.</summary>
    /// <exception cref="TorchyardException">As <see cref="LockAsync"/>; TY1025: several locks are needed; TY5212: the lock's PyTorch does not run here.</exception>
    public Task<RecipeLock> EnsureLockAsync(RecipeSource source, CancellationToken cancellation) => EnsureLockAsync(source, LockOptions.None, cancellation);

    /// <summary>As above, with what the command line says about the lock.</summary>
    public async Task<RecipeLock> EnsureLockAsync(RecipeSource source, LockOptions options, CancellationToken cancellation)
    {
        var before = LockPlace.Read(source, invocation.Store);
        var refusal = before is null ? null : _fit.RefusalHere(before);
        var answers = options.Torch is null || options.Torch == before?.Fit?.AskedTorch;
        if (before is not null && answers && LockFit.Fits(before, source.Recipe, source.DigestDirectory) && (refusal is null || source.Preset is null))
        {
            // Of a preset nobody keeps the lock under version control, so a newer program may bring its own tools without asking.
            return refusal is not null ? throw refusal : source.Preset is not null ? WithOwnTools(source, before) : before;
        }

        invocation.Screen.Progress.Note(
            before is null ? "There is no lock yet: resolving the recipe"
            : !answers ? $"Resolving the recipe again for PyTorch {options.Torch}"
            : refusal is null ? "The recipe changed: resolving it again"
            : "The lock was made for other GPUs or another driver: resolving again");
        return await LockAsync(source, before, options, cancellation) is [var one]
            ? one.Lock
            : throw new TorchyardException(
                "TY1025", "the fleet of the recipe needs several locks, and so several images",
                $"build them by their names: torchyard build {string.Join(", ", LockPlace.Variants(source, invocation.Store).Select(Path.GetFileName))}");
    }

    /// <summary>Resolves the recipe and writes the lock; what the earlier lock has and the recipe still allows stays.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="before">The lock as it was; null for none.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>One lock; several where no PyTorch fits all machines of a fleet.</returns>
    /// <exception cref="TorchyardException">TY1012 to TY1014, TY2xxx, TY4802, TY5201 to TY5211.</exception>
    public async Task<IReadOnlyList<PlacedLock>> LockAsync(RecipeSource source, RecipeLock? before, LockOptions options, CancellationToken cancellation)
    {
        // A mistake in a requirement is told now, not after the base system is built.
        using var python = source.Recipe.Python is null ? null : new ProjectPython(invocation, options.Offline);
        var requirements = python?.Requirements(source);
        var locked = await LockSystemAsync(source, before, requirements, options, cancellation);
        if (python is null || requirements is null)
        {
            LockFit.RequireServices(locked);
            return Write(source, [(await WithFitAsync(locked, source, _fit.JudgeDebian(source, locked, before, options), before, options, cancellation), null)], options);
        }

        var interpreter = ProjectPython.Interpreter(locked);
        var plan = source.Recipe.Python?.Pylock is null ? _fit.Plan(source, requirements, interpreter, before, options) : null;
        IPipRunner? pip = null;
        IReadOnlyList<string>? buildSystem = null;
        var builder = WheelBuilder(async token => buildSystem ??= await SystemAsync(locked, forBuilds: true, options.Offline, token));
        var locks = new List<(RecipeLock, FleetStack?)>();
        foreach (var stack in plan?.Stacks ?? [null!])
        {
            var keep = options.Upgrade ? [] : (before?.Python?.Packages ?? []).Where(package => !options.UpgradePackages.Contains(package.Name)).ToList();
            var target = plan is null ? interpreter.Target : interpreter.Target with { GlibcMinor = plan.Request.Glibc.Minor };
            var resolution = await python.LockAsync(
                source,
                requirements,
                new ResolveOptions { Keep = keep, Target = target },
                plan is null ? null : FitConstraints.Of(stack.Machines[0], FitTables.Default),
                interpreter,
                async token => pip ??= new SandboxPip(invocation.Store, Sandbox(), await SystemAsync(locked, forBuilds: false, options.Offline, token)),
                builder,
                options.Upgrade ? null : KeptBuilds(before, locked, keep, options.UpgradePackages),
                cancellation);
            ProjectPython.Require(resolution.Locked, locked.Packages);
            if (plan is null)
            {
                _fit.CheckNames(resolution.Locked);
            }

            var proven = plan is null ? _fit.Judge(source, resolution.Locked, interpreter, before, options) : _fit.Check(plan, stack, resolution, interpreter);
            var whole = await WithFitAsync(locked with { Python = resolution.Locked }, source, proven, before, options, cancellation);
            LockFit.RequireServices(whole);
            locks.Add((whole, stack));
        }

        return Write(source, locks, options);
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
        LockPlace.Write(LockPlace.Of(source, invocation.Store), renewed);
        return renewed;
    }

    /// <summary>The lock with layers of another compression than the recipe's, at its default level; the image gets a tag of its own, such as latest-gzip.</summary>
    public static RecipeLock Compressed(RecipeLock locked, LayerCompression compression)
    {
        var image = locked.Recipe.Image;
        if (image.Compression == compression)
        {
            return locked;
        }

        image = image with
        {
            Compression = compression,
            Level = ImageSettings.DefaultLevel(compression),
            Tag = $"{image.Tag}-{compression.ToString().ToLowerInvariant()}",
        };
        return locked with
        {
            Recipe = locked.Recipe with { Image = image },
            Tools = locked.Tools with { Compressor = ImageBuilder.Compressor(image) },
        };
    }

    /// <summary>Makes the image of a lock, or finds it in the store.</summary>
    public Task<StoredImage> BuildAsync(RecipeLock locked, CancellationToken cancellation) => BuildAsync(locked, BuildAccount.None, offline: false, cancellation);

    /// <summary>Makes the image of a lock, or finds it in the store, and gives account of the time.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="account">What to say of the time.</param>
    /// <param name="offline">Nothing may be fetched.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2055: files would have to be fetched; else as <see cref="ImageBuilder.BuildAsync"/>.</exception>
    public async Task<StoredImage> BuildAsync(RecipeLock locked, BuildAccount account, bool offline, CancellationToken cancellation)
    {
        using var packages = OpenPackages();
        using var python = OpenPython(locked);
        using var cudnn = _cudnn.Open(locked);
        using var compat = _compat.Open(locked);
        var builder = Builder(packages, python, cudnn, compat);
        if (offline && await builder.FindAsync(locked, cancellation) is null)
        {
            MissingFiles.Refuse(invocation.Store, locked);
        }

        await EnsureWheelsAsync(locked, builder, python, offline, cancellation);
        if (!invocation.Caller.IsRoot)
        {
            return await builder.FindAsync(locked, cancellation) ?? await BuildInNamespaceAsync(locked, builder, account, cancellation);
        }

        var image = await builder.BuildAsync(locked, invocation.Screen.Progress, cancellation);
        account.Write(builder.Timings, invocation.Screen);
        return image;
    }

    /// <summary>Makes what the store lost of the image of a lock. Only for root, also of the store's user namespace.</summary>
    /// <returns>Digest of the manifest.</returns>
    public async Task<Digest> RemakeAsync(RecipeLock locked, CancellationToken cancellation)
    {
        using var packages = OpenPackages();
        using var python = OpenPython(locked);
        using var cudnn = _cudnn.Open(locked);
        using var compat = _compat.Open(locked);
        var builder = Builder(packages, python, cudnn, compat);
        await EnsureWheelsAsync(locked, builder, python, offline: false, cancellation);
        return await builder.RemakeAsync(locked, invocation.Screen.Progress, cancellation);
    }

    /// <summary>Layers have files of many users, which an ordinary user can only make in a user namespace: the program builds there.</summary>
    private async Task<StoredImage> BuildInNamespaceAsync(
        RecipeLock locked, ImageBuilder builder, BuildAccount account, CancellationToken cancellation)
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
                ["--store", invocation.Store.Root, "build", file, .. account.Options()], keepOutput: false, cancellation);
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

    /// <summary>The lock with the fit of its PyTorch, and what its machines need for that beside the packages.</summary>
    private async Task<RecipeLock> WithFitAsync(
        RecipeLock locked, RecipeSource source, ProvenFit? proven, RecipeLock? before, LockOptions options, CancellationToken cancellation)
    {
        var compat = await _compat.LockAsync(source, proven, before, options, cancellation);
        return locked with { Fit = proven?.Fit, CudaCompat = compat };
    }

    /// <summary>The lock without its Python part. Where the recipe asks for the same system as before, that of the earlier lock stays.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="before">The lock as it was; null for none.</param>
    /// <param name="requirements">What <c>[python]</c> asks for; null where there is none.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    private async Task<RecipeLock> LockSystemAsync(
        RecipeSource source, RecipeLock? before, RequirementSet? requirements, LockOptions options, CancellationToken cancellation)
    {
        var recipe = source.Recipe;
        var withGit = requirements is not null && ProjectPython.HasRepositories(source, requirements);
        var digest = RecipeDigest.Of(recipe, source.DigestDirectory);
        var upgrade = options.Upgrade || (before is not null && options.UpgradePackages.Any(name => before.Packages.Concat(before.BuildPackages).Any(package => package.Name == name)));
        var tools = OwnTools(recipe);
        if (before is not null && !upgrade && LockFit.AsksForTheSameSystem(before.Recipe, recipe))
        {
            RequirePython(before.Packages);
            var kept = before with
            {
                RecipeDigest = digest,
                Recipe = recipe,
                Tools = tools,
                Cudnn = await _cudnn.LockAsync(source, before.Packages, before, options, cancellation),
                CudaCompat = null,
                Python = null,
                Fit = null,
            };
            return HasBuildPackages(before, recipe, withGit) ? kept : await WithBuildPackagesAsync(kept, source, withGit, options, cancellation);
        }

        using var packages = OpenPackages();
        var debian = await packages.LockAsync(Absolute(recipe, source), upgrade ? [] : before?.Archives ?? [], options.Offline, cancellation);
        RequirePython(debian.Packages);
        var locked = new RecipeLock
        {
            RecipeDigest = digest,
            Recipe = recipe,
            SourceDateEpoch = debian.SourceDateEpoch,
            Archives = debian.Archives,
            Packages = debian.Packages,
            Cudnn = await _cudnn.LockAsync(source, debian.Packages, before, options, cancellation),
            Tools = tools,
        };
        return await WithBuildPackagesAsync(locked, source, withGit, options, cancellation);

        // Before anything else is asked for or fetched, and long before the base system is built.
        void RequirePython(IReadOnlyList<LockedDebianPackage> system)
        {
            if (requirements is not null)
            {
                ProjectPython.Require(recipe, requirements, system);
            }
        }
    }

    /// <summary>The lock with the Debian packages that builds of wheels need beside the image's, which stay as they are.</summary>
    private async Task<RecipeLock> WithBuildPackagesAsync(RecipeLock locked, RecipeSource source, bool withGit, LockOptions options, CancellationToken cancellation)
    {
        var asked = AskedBuildPackages(locked.Recipe, withGit);
        if (asked.Count == 0)
        {
            return locked with { BuildPackages = [] };
        }

        using var packages = OpenPackages();
        var names = asked.Select(NameOf).ToHashSet(StringComparer.Ordinal);
        var recipe = Absolute(locked.Recipe, source) with
        {
            Packages = [.. locked.Packages.Where(package => !names.Contains(package.Name)).Select(Pinned), .. asked],
        };
        var debian = await packages.LockAsync(recipe, locked.Archives, options.Offline, cancellation);
        var image = locked.Packages.Select(package => package.Sha256).ToHashSet();
        return debian.Archives.Select(archive => archive.ReleaseDigest).SequenceEqual(locked.Archives.Select(archive => archive.ReleaseDigest))
            ? locked with { BuildPackages = [.. debian.Packages.Where(package => !image.Contains(package.Sha256))] }
            : throw new TorchyardException(
                "TY1026", "the packages of build-packages cannot be added: the archive as it was for the lock is not in the store any more, and a newer one may not fit the image's packages",
                "run 'torchyard lock --upgrade'");

        static string Pinned(LockedDebianPackage package) => $"{package.Name}:{package.Architecture}={package.Version}";
    }

    /// <summary>What the recipe asks for, and git where it names repositories: pip has it there too, since it clones with it.</summary>
    private static IReadOnlyList<string> AskedBuildPackages(Recipe recipe, bool withGit)
    {
        var asked = recipe.Python?.BuildPackages ?? [];
        return withGit && !asked.Any(request => NameOf(request) == Git) ? [.. asked, Git] : asked;
    }

    private static bool HasBuildPackages(RecipeLock before, Recipe recipe, bool withGit)
    {
        var wants = AskedBuildPackages(recipe, withGit).Any(request => NameOf(request) == Git) && before.Packages.All(package => package.Name != Git);
        return wants == before.BuildPackages.Any(package => package.Name == Git)
            && (before.Recipe.Python?.BuildPackages ?? []).Order(StringComparer.Ordinal).SequenceEqual((recipe.Python?.BuildPackages ?? []).Order(StringComparer.Ordinal));
    }

    // A request may name a version or an architecture.
    private static string NameOf(string request) => request.Split('=', ':')[0];

    private static Recipe Absolute(Recipe recipe, RecipeSource source) => recipe with
    {
        Base = recipe.Base with { Keyrings = [.. recipe.Base.Keyrings.Select(file => Path.GetFullPath(file, source.Directory))] },
    };

    /// <summary>What an earlier lock built stays where it was built on the same system; what is to be upgraded, or is built with that, is built anew.</summary>
    private static LockedPython? KeptBuilds(RecipeLock? before, RecipeLock locked, IReadOnlyList<LockedPythonPackage> keep, IReadOnlyList<string> upgrade)
    {
        if (before?.Python is not { } python || !before.Packages.SequenceEqual(locked.Packages) || !before.BuildPackages.SequenceEqual(locked.BuildPackages))
        {
            return null;
        }

        var tools = python.BuildPackages.Where(tool => upgrade.Contains(tool.Name)).Select(tool => tool.Filename).ToHashSet(StringComparer.Ordinal);
        return python with { Packages = [.. keep.Where(package => package.Source?.BuiltWith.Any(tools.Contains) != true)] };
    }

    private List<PlacedLock> Write(RecipeSource source, List<(RecipeLock Lock, FleetStack? Stack)> locks, LockOptions options)
    {
        List<PlacedLock> placed = locks.Count == 1
            ? [new PlacedLock(LockPlace.Of(source, invocation.Store), locks[0].Lock)]
            : [.. locks.Select(one =>
            {
                var variant = $"torch-{one.Stack!.Candidate.Torch.Torch}-{one.Stack.Candidate.Torch.Build}";
                var image = one.Lock.Recipe.Image;
                return new PlacedLock(
                    LockPlace.OfVariant(source, invocation.Store, variant), one.Lock with { Recipe = one.Lock.Recipe with { Image = image with { Tag = variant } } });
            })];
        if (!options.DryRun)
        {
            LockPlace.WriteAll(source, invocation.Store, placed);
        }

        return placed;
    }

    /// <summary>Makes sure that the wheels which the lock built from source are in the store, unless the image is there already.</summary>
    private async Task EnsureWheelsAsync(RecipeLock locked, ImageBuilder builder, ProjectPython? python, bool offline, CancellationToken cancellation)
    {
        if (locked.Python is null || python is null)
        {
            return;
        }

        IReadOnlyList<string>? system = null;
        var rebuilder = python.CreateRebuilder(
            invocation.Caller.WorkingDirectory, WheelBuilder(async token => system ??= await SystemAsync(locked, forBuilds: true, offline, token)));
        if (rebuilder.IsNeeded(locked.Python) && await builder.FindAsync(locked, cancellation) is null)
        {
            await rebuilder.RebuildAsync(locked.Python, cancellation);
        }
    }

    /// <summary>
    /// The base system of a lock, top layer first. Python requirements are resolved by its own pip and wheels are built on it, so it is built before
    /// the image; its layers are those of the image. With build packages it is another system, of which nothing gets into the image.
    /// </summary>
    private async Task<IReadOnlyList<string>> SystemAsync(RecipeLock locked, bool forBuilds, bool offline, CancellationToken cancellation)
    {
        // Only the layers are of use: the name goes, and 'prune' leaves what an image shares with them.
        var recipe = locked.Recipe with { Python = null, Fit = null, Image = locked.Recipe.Image with { Tag = "lock-base" } };
        var packages = forBuilds
            ? locked.Packages.Concat(locked.BuildPackages).OrderBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Architecture, StringComparer.Ordinal).ToList()
            : locked.Packages;
        var system = await BuildAsync(
            locked with { Recipe = recipe, Packages = packages, BuildPackages = [], CudaCompat = null, Python = null, Fit = null }, BuildAccount.None, offline, cancellation);
        var lower = await new MendingLayers(invocation).EnsureAsync(system, invocation.Screen.Progress, cancellation);
        await new ImageStore(invocation.Store).RemoveAsync($"{recipe.Name}:lock-base", static _ => null, force: true, cancellation);
        return lower;
    }

    private SandboxWheelBuilder WheelBuilder(Func<CancellationToken, Task<IReadOnlyList<string>>> system) => new(invocation.Store, Sandbox(), system);

    private OciRootSandbox Sandbox() => new(invocation.Store, invocation.Runtimes(), SelfProgram.Current);

    private ImageBuilder Builder(DebianPackages packages, ProjectPython? python, CudnnArchives? cudnn, CudaCompatArchives? compat) => new(
        invocation.Store,
        packages.CreateFetcher(),
        Sandbox(),
        Supervisor(),
        python?.CreateFetcher(invocation.Caller.WorkingDirectory),
        cudnn,
        compat);

    private ProjectPython? OpenPython(RecipeLock locked) => locked.Python is null ? null : new ProjectPython(invocation);

    private static SupervisorProgram Supervisor() => SupervisorProgram.Read(AppContext.BaseDirectory);

    private static LockedTools OwnTools(Recipe recipe) =>
        new(ImageBuilder.Format, Supervisor().Digest, ImageBuilder.Compressor(recipe.Image));

    private DebianPackages OpenPackages() =>
        new(invocation.Store, invocation.Screen.Progress, invocation.Caller.Clock, invocation.Caller.Variable);
}
