using Torchyard.CommandLine;
using Torchyard.Gpus.Fit;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Sources;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>The Python part of a project, put together for this machine: its pip settings, credentials and cache.</summary>
internal sealed class ProjectPython : IDisposable
{
    private const string Pip = "pip";

    private readonly Invocation _invocation;
    private readonly PipSettings _pip;
    private readonly IndexTransport _transport;
    private readonly WheelCache _cache;
    private readonly SimpleIndexClient _client;
    private readonly SourceFetcher _sources;

    public ProjectPython(Invocation invocation, bool offline = false)
    {
        _invocation = invocation;
        _pip = PipSettings.Read(invocation.Caller.Variable, invocation.Caller.Home);
        _transport = new IndexTransport(_pip, IndexCredentials.Read(invocation.Caller.Variable, invocation.Caller.Home), offline: offline);
        _cache = new WheelCache(invocation.Store, _transport);
        _client = new SimpleIndexClient(_transport, new IndexCache(invocation.Store));
        _sources = new SourceFetcher(invocation.Store, _cache, _transport, new GitRepositories(invocation.Store, _transport));
    }

    /// <summary>What <c>[python]</c> of a recipe asks for, its files read.</summary>
    /// <exception cref="TorchyardException">TY2512, TY2514.</exception>
    public RequirementSet Requirements(RecipeSource source) => source.Recipe.Python is { Pylock: null } settings
        ? RecipeRequirements.Read(
            settings, source.Directory, _invocation.Caller.Variable, _pip, i => source.File is { } file ? RecipePlaces.OfItem(file, "python", "packages", i) : null)
        : new RequirementSet { Directory = source.Directory };

    /// <summary>True when the recipe names Git repositories, of which wheels are built with git.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="set">Its requirements.</param>
    public static bool HasRepositories(RecipeSource source, RequirementSet set) => source.Recipe.Python?.Pylock is { } pylock
        ? PylockReader.HasRepositories(pylock, source.Directory)
        : set.Requirements.Concat(set.Constraints).Any(line => line.Source?.IsGit == true);

    /// <summary>Resolves <c>[python]</c> of a recipe over its base system.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="set">Its requirements.</param>
    /// <param name="options">What beside them decides.</param>
    /// <param name="builds">The builds of torch and its companions to take; null to leave it to the index.</param>
    /// <param name="interpreter">The image's interpreter.</param>
    /// <param name="pip">Runs the base system's pip; called only where it is needed.</param>
    /// <param name="builder">Builds what has no wheel.</param>
    /// <param name="kept">The Python part of an earlier lock for the same base system, whose builds stay; null for none.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2526.</exception>
    public async Task<PythonResolution> LockAsync(
        RecipeSource source,
        RequirementSet set,
        ResolveOptions options,
        FitConstraints? builds,
        ImageInterpreter interpreter,
        Func<CancellationToken, Task<IPipRunner>> pip,
        IWheelBuilder builder,
        LockedPython? kept,
        CancellationToken cancellation)
    {
        var settings = source.Recipe.Python!;
        var progress = _invocation.Screen.Progress;
        var merged = settings with { Indexes = [.. settings.Indexes, .. set.Indexes], ExtraIndexes = [.. settings.ExtraIndexes, .. set.ExtraIndexes] };
        var indexes = new PythonIndexes(_client, PythonIndexes.Choose(merged, _pip, _transport.Credentials, _invocation.Caller.Variable), set.FindLinks);

        // A wheel of torch that the recipe names by path or URL is an answer already.
        if (builds is not null && !set.IsPinned && !set.Requirements.Any(line => DirectName(line) == "torch"))
        {
            (var constraints, indexes) = await BuildPins.ResolveAsync(builds.Torch, builds.Companions, indexes, cancellation);
            options = options with { Constraints = [.. options.Constraints, .. constraints] };
        }

        var sources = new SourceWheels(_sources, _cache, CreateFetcher(source.Directory), Maker(builder))
        {
            Resolver = async (own, token) => new PythonResolver(indexes, _cache, await pip(token), progress, own),
            Directory = source.Directory,
            Constraints = [.. options.Constraints, .. set.Constraints.Select(line => line.Requirement?.ToString()).OfType<string>()],
            OnlyBinary = set.OnlyBinary,
            Target = interpreter.Target,
            Kept = kept,
        };
        if (settings.Pylock is { } pylock)
        {
            var (locked, unbuilt) = PylockReader.Read(pylock, source.Directory, interpreter.Target, interpreter.Python);
            return new PythonResolution(await sources.CompleteAsync(locked, unbuilt, cancellation), []);
        }

        return set.IsPinned
            ? await new PinnedResolver(indexes, progress, sources).ResolveAsync(set, interpreter.Target, interpreter.Python, cancellation)
            : await new PythonResolver(indexes, _cache, await pip(cancellation), progress, sources).ResolveAsync(set, options, cancellation);
    }

    /// <summary>Builds again what a lock built from source and this store lacks.</summary>
    /// <param name="directory">Directory that local archives are relative to.</param>
    /// <param name="builder">Builds on the lock's base system.</param>
    public WheelRebuilder CreateRebuilder(string directory, IWheelBuilder builder) => new(_sources, _cache, CreateFetcher(directory), Maker(builder), directory);

    /// <summary>Fetches the wheels of a lock, from the machine's mirror of PyPI where it has one.</summary>
    /// <param name="directory">Directory that local wheels are relative to.</param>
    public WheelFetcher CreateFetcher(string directory)
    {
        var mirrors = new[] { _pip.IndexUrl }.Concat(_pip.ExtraIndexUrls).OfType<string>()
            .Select(url => _transport.Credentials.Adopt(url.EndsWith('/') ? url : url + "/", _invocation.Caller.Variable)).ToList();
        return new WheelFetcher(_cache, _client, mirrors, directory, _invocation.Screen.Progress);
    }

    /// <inheritdoc />
    public void Dispose() => _transport.Dispose();

    private WheelMaker Maker(IWheelBuilder builder) => new(_invocation.Store, _cache, builder, _invocation.Screen.Progress);

    /// <summary>The interpreter and glibc that the locked Debian packages bring.</summary>
    /// <exception cref="TorchyardException">TY2516: there is no Python 3 among them.</exception>
    public static ImageInterpreter Interpreter(RecipeLock locked) => Interpreter(locked.Recipe, locked.Packages);

    /// <summary>Refuses a base system that <c>[python]</c> cannot be resolved over, as soon as its packages are known.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="set">Its requirements.</param>
    /// <param name="packages">The packages of the base system.</param>
    /// <exception cref="TorchyardException">TY2516: there is no Python 3, or no pip where one has to resolve or to be installed.</exception>
    public static void Require(Recipe recipe, RequirementSet set, IReadOnlyList<LockedDebianPackage> packages)
    {
        _ = Interpreter(recipe, packages);
        // What a pylock.toml has is known when it has been read for the interpreter.
        if (recipe.Python is { Pylock: null } && !(set.IsPinned && set.Requirements.Any(line => line.Requirement?.Name.Normal == Pip)))
        {
            RequirePip(packages);
        }
    }

    /// <summary>Refuses a base system without pip's wheel, which the virtual environment gets where the lock has no pip.</summary>
    /// <param name="python">The Python part of a lock.</param>
    /// <param name="packages">The packages of its base system.</param>
    /// <exception cref="TorchyardException">TY2516.</exception>
    public static void Require(LockedPython python, IReadOnlyList<LockedDebianPackage> packages)
    {
        if (python.Packages.All(package => package.Name != Pip))
        {
            RequirePip(packages);
        }
    }

    // pip's wheel is in python3-pip-whl, which python3-venv and python3-pip depend on (python-pip-whl before Debian 12 and Ubuntu 22.04).
    private static void RequirePip(IReadOnlyList<LockedDebianPackage> packages)
    {
        if (!packages.Any(package => package.Name.EndsWith("pip-whl", StringComparison.Ordinal)))
        {
            throw new TorchyardException("TY2516", "the base system has no pip", "Add python3 and python3-venv to the recipe's packages");
        }
    }

    private static ImageInterpreter Interpreter(Recipe recipe, IReadOnlyList<LockedDebianPackage> packages)
    {
        // Versions such as 3.13.5-1 and 2.41-12.
        var python = Upstream(packages, "python3") is { } text && PythonVersion.TryParse(text, out var version) ? version : null;
        var glibc = Upstream(packages, "libc6") is { } release && PythonVersion.TryParse(release, out var parsed) ? (int)parsed.Segment(1) : 0;
        if (python is null || glibc == 0)
        {
            throw new TorchyardException("TY2516", "the base system has no Python 3", "Add python3 and python3-venv to the recipe's packages");
        }

        var machine = recipe.Base.Architecture switch { "amd64" => "x86_64", "arm64" => "aarch64", var other => other };
        return new ImageInterpreter(new InterpreterTarget((int)python.Segment(1), glibc, machine), python);
    }

    private static string? DirectName(RequirementLine line) =>
        line.LocalWheel is { } path && WheelFileName.TryParse(Path.GetFileName(path), out var wheel) ? wheel.Name
        : line.Url is { } url && WheelFileName.TryParse(Uri.UnescapeDataString(url.Segments[^1]), out var remote) ? remote.Name
        : line.Source is not null ? line.Requirement?.Name.Normal
        : null;

    private static string? Upstream(IReadOnlyList<LockedDebianPackage> packages, string package) =>
        packages.FirstOrDefault(p => p.Name == package)?.Version.Split('-')[0];
}
