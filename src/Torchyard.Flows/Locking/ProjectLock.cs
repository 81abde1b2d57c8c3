using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Flows.Assembling;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Sources;
using Torchyard.Images.BaseImages;
using Torchyard.Images.Python;
using Torchyard.Images.Store;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Resolving;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Locking;

/// <summary>
/// From a recipe to its lock, with the stages put together for this machine. What <c>lock</c>, <c>build</c> and <c>up</c> share.
/// </summary>
/// <param name="host">Who asks, from where.</param>
/// <param name="files">The files of the project, and what beyond it was allowed.</param>
internal sealed class ProjectLock(Host host, ProjectFiles files)
{
    // Debian's package.
    private const string Git = "git";

    private readonly ProjectImage _image = new(host, new RepairingLayers(host), files);
    private readonly ProjectFit _fit = new(host);
    private readonly ProjectBase _base = new(host);
    private readonly ProjectSources _sources = new(host, files);

    /// <summary>The lock that answers the recipe as it is now, and this machine; resolves and writes one where there is none.</summary>
    /// <exception cref="TorchyardException">As <see cref="LockAsync"/>; TY1025: several locks are needed; TY5212: the lock's PyTorch does
    /// not run here.</exception>
    public Task<RecipeLock> EnsureAsync(RecipeSource source, CancellationToken cancellation) =>
        EnsureAsync(source, LockOptions.None, cancellation);

    /// <summary>As above, with what the command line says about the lock.</summary>
    public async Task<RecipeLock> EnsureAsync(RecipeSource source, LockOptions options, CancellationToken cancellation)
    {
        source.RequireAllowed();
        var before = LockPlace.Read(source, host.Store);
        var refusal = before is null ? null : _fit.RefusalHere(before);
        var answers = options.Torch is null || options.Torch == before?.Fit?.AskedTorch;
        if (before is not null && answers && LockFit.Fits(before, source) && (refusal is null || source.Preset is null))
        {
            _base.TellMoved(before);
            // Of a preset nobody keeps the lock under version control, so a newer program may bring its own tools without asking.
            return refusal is not null ? throw refusal
                : source.Preset is not null ? WithOwnTools(source, before)
                : before;
        }

        if (before is not null && answers && refusal is null && WithNewSteps(source, before, isDry: false) is { } renewed)
        {
            return renewed.Lock;
        }

        host.Progress.Note(
            before is null ? "There is no lock yet: resolving the recipe"
            : !answers ? $"Resolving the recipe again for PyTorch {options.Torch}"
            : refusal is null ? "The recipe changed: resolving it again"
            : "The lock was made for other GPUs or another driver: resolving again"
        );
        return await LockAsync(source, before, options, cancellation) is [var one]
            ? one.Lock
            : throw new TorchyardException(
                "TY1025",
                "the fleet of the recipe needs several locks, and so several images",
                "build them by their names: torchyard build "
                    + $"{string.Join(", ", LockPlace.Variants(source, host.Store).Select(Path.GetFileName))}"
            );
    }

    /// <summary>Resolves the recipe and writes the lock; what the earlier lock has and the recipe still allows stays.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="before">The lock as it was; null for none.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>One lock; several where no PyTorch fits all machines of a fleet.</returns>
    /// <exception cref="TorchyardException">TY1012 to TY1014, TY2xxx, TY4802, TY5201 to TY5211.</exception>
    public async Task<IReadOnlyList<PlacedLock>> LockAsync(
        RecipeSource source,
        RecipeLock? before,
        LockOptions options,
        CancellationToken cancellation
    )
    {
        source.RequireAllowed();
        // A mistake in a requirement is told now, not after the base system is built.
        using var python = source.Recipe.Python is null ? null : new ProjectPython(host, source.Files, options.Offline);
        var requirements = python?.Requirements(source);
        var locked = await LockSystemAsync(source, before, requirements, options, cancellation);
        if (python is null || requirements is null)
        {
            LockFit.RequireServices(locked);
            return Write(
                source,
                [
                    (
                        await WithFitAsync(
                            locked,
                            source,
                            _fit.JudgeDebian(source, locked, before, options),
                            before,
                            options,
                            cancellation
                        ),
                        null
                    ),
                ],
                options
            );
        }

        var interpreter = ImageInterpreter.Of(locked);
        var plan = source.Recipe.Python?.Pylock is null ? _fit.Plan(source, requirements, interpreter, before, options) : null;
        IPipRunner? pip = null;
        IReadOnlyList<string>? buildSystem = null;
        var builder = _image.WheelBuilder(async token =>
            buildSystem ??= await _image.SystemAsync(locked, forBuilds: true, options.Offline, token)
        );
        var locks = new List<(RecipeLock, FleetStack?)>();
        foreach (var stack in plan?.Stacks ?? [null!])
        {
            var keep = options.Upgrade
                ? []
                : (before?.Python?.Packages ?? []).Where(package => !options.UpgradePackages.Contains(package.Name)).ToList();
            var target = plan is null ? interpreter.Target : interpreter.Target with { GlibcMinor = plan.Request.Glibc.Minor };
            var resolution = await python.LockAsync(
                source,
                requirements,
                new ResolveOptions { Keep = keep, Target = target },
                plan is null ? null : FitConstraints.Of(stack.Machines[0], FitTables.Default),
                interpreter,
                async token =>
                    pip ??= new SandboxPip(
                        host.Store,
                        _image.Sandbox(),
                        await _image.SystemAsync(locked, forBuilds: false, options.Offline, token)
                    ),
                builder,
                options.Upgrade || options.IsSalvage ? null : KeptBuilds(before, locked, keep, options.UpgradePackages),
                cancellation
            );
            ProjectPython.Require(resolution.Locked, locked.SystemPackages());
            if (plan is null)
            {
                _fit.CheckNames(resolution.Locked);
            }

            var proven = plan is null
                ? _fit.Judge(source, resolution.Locked, interpreter, before, options)
                : _fit.Check(plan, stack, resolution, interpreter);
            var whole = await WithFitAsync(locked with { Python = resolution.Locked }, source, proven, before, options, cancellation);
            LockFit.RequireServices(whole);
            locks.Add((whole, stack));
        }

        return Write(source, locks, options);
    }

    /// <summary>
    /// The same packages with the recipe's files and commands as they are now, where nothing else changed: nothing is asked of an archive
    /// or index for a line of a configuration. Null where more changed.
    /// </summary>
    /// <param name="source">The recipe.</param>
    /// <param name="before">The lock as it was.</param>
    /// <param name="isDry">Write nothing.</param>
    public PlacedLock? WithNewSteps(RecipeSource source, RecipeLock before, bool isDry)
    {
        if (source.Preset is not null || !LockFit.FitsButForSteps(before, source))
        {
            return null;
        }

        host.Progress.Note(
            "The files or commands of the recipe changed, and nothing else: they are locked as they are now, and all packages stay"
        );
        var renewed = before with
        {
            RecipeDigest = RecipeDigest.Of(source),
            Recipe = source.Recipe,
            Tools = OwnTools.Of(host, source.Recipe),
            Files = LockedProjectFile.Of(source.Recipe, source.Files),
        };
        var place = LockPlace.Of(source, host.Store);
        if (!isDry)
        {
            LockPlace.Write(place, renewed);
        }

        return new PlacedLock(place, renewed);
    }

    /// <summary>The same packages with what this program itself puts into images; written when that changed.</summary>
    public RecipeLock WithOwnTools(RecipeSource source, RecipeLock locked)
    {
        var tools = OwnTools.Of(host, locked.Recipe);
        if (locked.Tools == tools)
        {
            return locked;
        }

        var renewed = locked with { Tools = tools };
        LockPlace.Write(LockPlace.Of(source, host.Store), renewed);
        return renewed;
    }

    /// <summary>The lock with the fit of its PyTorch, and what its machines need for that beside the packages.</summary>
    private Task<RecipeLock> WithFitAsync(
        RecipeLock locked,
        RecipeSource source,
        ProvenFit? proven,
        RecipeLock? before,
        LockOptions options,
        CancellationToken cancellation
    ) => _sources.WithNeedsOfMachinesAsync(locked with { Fit = proven?.Fit }, source, proven, before, options, cancellation);

    /// <summary>
    /// The lock without its Python part. Where the recipe asks for the same system as before, that of the earlier lock stays.
    /// </summary>
    /// <param name="source">The recipe.</param>
    /// <param name="before">The lock as it was; null for none.</param>
    /// <param name="requirements">What <c>[python]</c> asks for; null where there is none.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    private async Task<RecipeLock> LockSystemAsync(
        RecipeSource source,
        RecipeLock? before,
        RequirementSet? requirements,
        LockOptions options,
        CancellationToken cancellation
    )
    {
        var recipe = source.Recipe;
        var withGit = requirements is not null && ProjectPython.HasRepositories(source, requirements);
        var digest = RecipeDigest.Of(source);
        var upgrade =
            options.Upgrade
            || (
                before is not null
                && options.UpgradePackages.Any(name => before.Packages.Concat(before.BuildPackages).Any(package => package.Name == name))
            );
        var tools = OwnTools.Of(host, recipe);
        // Before anything is fetched: a source that cannot be in an image is told now.
        var own = LockedProjectFile.Of(recipe, source.Files);
        if (before is not null && !upgrade && !options.IsSalvage && LockFit.AsksForTheSameSystem(before, source))
        {
            RequirePython(before.Packages, before.Base);
            var kept = before with
            {
                RecipeDigest = digest,
                Recipe = recipe,
                Tools = tools,
                CudaCompat = null,
                Python = null,
                Files = own,
                Fit = null,
            };
            kept = await _sources.WithNeedsOfPackagesAsync(kept, source, before, options, cancellation);
            return HasBuildPackages(before, recipe, withGit)
                ? kept
                : await WithBuildPackagesAsync(kept, source, withGit, options, cancellation);
        }

        var image = await _base.LockAsync(source, options.Upgrade || options.IsSalvage ? null : before, cancellation);
        using var packages = DebianSources.Open(host, source);
        var debian = await LockPackagesAsync(
            packages,
            source,
            Absolute(recipe, source),
            image,
            upgrade ? [] : before?.Archives ?? [],
            options.Offline,
            cancellation
        );
        RequirePython(debian.Packages, image);
        var locked = new RecipeLock
        {
            RecipeDigest = digest,
            Recipe = recipe,
            Base = image,
            SourceDateEpoch = debian.SourceDateEpoch,
            Archives = debian.Archives,
            Packages = debian.Packages,
            Files = own,
            Tools = tools,
        };
        locked = await _sources.WithNeedsOfPackagesAsync(locked, source, before, options, cancellation);
        return await WithBuildPackagesAsync(locked, source, withGit, options, cancellation);

        // Before anything else is asked for or fetched, and long before the base system is built.
        void RequirePython(IReadOnlyList<LockedDebianPackage> system, LockedBase? image)
        {
            if (requirements is not null)
            {
                ProjectBase.RequireNoVenv(source, image);
                ProjectPython.Require(recipe, requirements, SystemPackage.Of(system, image));
            }
        }
    }

    /// <summary>Resolves Debian packages, over those of the base image where there is one.</summary>
    private async Task<DebianLock> LockPackagesAsync(
        DebianPackages packages,
        RecipeSource source,
        Recipe recipe,
        LockedBase? image,
        IReadOnlyList<LockedArchive> earlier,
        bool offline,
        CancellationToken cancellation
    )
    {
        if (image is null)
        {
            return await packages.LockAsync(recipe, earlier, offline, cancellation);
        }

        var created = Math.Max(BaseImageReader.FirstDay, new ImageStore(host.Store).Read(image.Manifest).Created);
        if (recipe.Packages.Count == 0)
        {
            return new DebianLock([], [], created);
        }

        var (based, installed) = await _base.InstalledAsync(source, recipe, image, cancellation);
        var debian = await packages.LockUponAsync(based, installed, earlier, offline, cancellation);
        return debian with { SourceDateEpoch = Math.Max(debian.SourceDateEpoch, created) };
    }

    /// <summary>The lock with the Debian packages that builds of wheels need beside the image's, which stay as they are.</summary>
    private async Task<RecipeLock> WithBuildPackagesAsync(
        RecipeLock locked,
        RecipeSource source,
        bool withGit,
        LockOptions options,
        CancellationToken cancellation
    )
    {
        var asked = AskedBuildPackages(locked.Recipe, withGit);
        if (asked.Count == 0)
        {
            return locked with { BuildPackages = [] };
        }

        using var packages = DebianSources.Open(host, source);
        var names = asked.Select(NameOf).ToHashSet(StringComparer.Ordinal);
        var ofProject = locked.Packages.Where(package => package.Path is not null).Select(package => package.Name).ToList();
        var recipe = Absolute(locked.Recipe, source) with
        {
            Packages =
            [
                .. locked
                    .Packages.Where(package => package.Path is not null || !names.Contains(package.Name))
                    .Select(package => package.Path ?? Pinned(package)),
                .. asked.Where(request => !ofProject.Contains(NameOf(request))),
            ],
        };
        var debian = await LockPackagesAsync(packages, source, recipe, locked.Base, locked.Archives, options.Offline, cancellation);
        var image = locked.Packages.Select(package => package.Sha256).ToHashSet();
        return
            locked.Archives.Count == 0
            || debian
                .Archives.Select(archive => archive.ReleaseDigest)
                .SequenceEqual(locked.Archives.Select(archive => archive.ReleaseDigest))
            ? locked with
            {
                BuildPackages = [.. debian.Packages.Where(package => !image.Contains(package.Sha256))],
            }
            : throw new TorchyardException(
                "TY1026",
                "the packages of build-packages cannot be added: the archive as it was for the lock is not in the store any more, and a "
                    + "newer one may not fit the image's packages",
                "run 'torchyard lock --upgrade'"
            );

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
        var wants =
            AskedBuildPackages(recipe, withGit).Any(request => NameOf(request) == Git)
            && before.Packages.All(package => package.Name != Git);
        return wants == before.BuildPackages.Any(package => package.Name == Git)
            && (before.Recipe.Python?.BuildPackages ?? [])
                .Order(StringComparer.Ordinal)
                .SequenceEqual((recipe.Python?.BuildPackages ?? []).Order(StringComparer.Ordinal));
    }

    // A request may name a version or an architecture.
    private static string NameOf(string request) => PackageFile.NameOf(request);

    private static Recipe Absolute(Recipe recipe, RecipeSource source) =>
        recipe with
        {
            Base = recipe.Base with { Keyrings = [.. recipe.Base.Keyrings.Select(file => Path.GetFullPath(file, source.Directory))] },
        };

    /// <summary>
    /// What an earlier lock built stays where it was built on the same system; what is to be upgraded, or is built with that, is built
    /// anew.
    /// </summary>
    private static LockedPython? KeptBuilds(
        RecipeLock? before,
        RecipeLock locked,
        IReadOnlyList<LockedPythonPackage> keep,
        IReadOnlyList<string> upgrade
    )
    {
        if (
            before?.Python is not { } python
            || before.Base?.Manifest != locked.Base?.Manifest
            || !before.Packages.SequenceEqual(locked.Packages)
            || !before.BuildPackages.SequenceEqual(locked.BuildPackages)
        )
        {
            return null;
        }

        var tools = python
            .BuildPackages.Where(tool => upgrade.Contains(tool.Name))
            .Select(tool => tool.Filename)
            .ToHashSet(StringComparer.Ordinal);
        return python with { Packages = [.. keep.Where(package => package.Source?.BuiltWith.Any(tools.Contains) != true)] };
    }

    private List<PlacedLock> Write(RecipeSource source, List<(RecipeLock Lock, FleetStack? Stack)> locks, LockOptions options)
    {
        List<PlacedLock> placed =
            locks.Count == 1
                ? [new PlacedLock(LockPlace.Of(source, host.Store), locks[0].Lock)]
                :
                [
                    .. locks.Select(one =>
                    {
                        var variant = $"torch-{one.Stack!.Candidate.Torch.Torch}-{one.Stack.Candidate.Torch.Build}";
                        var image = one.Lock.Recipe.Image;
                        return new PlacedLock(
                            LockPlace.OfVariant(source, host.Store, variant),
                            one.Lock with
                            {
                                Recipe = one.Lock.Recipe with { Image = image with { Tag = variant } },
                            }
                        );
                    }),
                ];
        if (!options.DryRun)
        {
            LockPlace.WriteAll(source, host.Store, placed);
        }

        return placed;
    }
}
