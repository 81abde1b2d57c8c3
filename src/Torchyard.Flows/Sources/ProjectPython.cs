using Torchyard.Fit.Data;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Trust;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Resolving;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Sources;
using Torchyard.Packages.Wishes;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Sources;

/// <summary>The Python part of a project, put together for this machine: its pip settings, credentials and cache.</summary>
internal sealed class ProjectPython : IDisposable
{
    private const string Pip = "pip";
    private const int LargestRequirementFile = 16 << 20;

    private readonly Host _host;
    private readonly ProjectFiles _files;
    private readonly PipSettings _pip;
    private readonly Lazy<List<string>> _ownPlaces;
    private readonly IndexTransport _transport;
    private readonly WheelCache _cache;
    private readonly SimpleIndexClient _client;
    private readonly SourceFetcher _sources;

    /// <param name="host">Who asks, from where.</param>
    /// <param name="files">The files of the project, and what beyond it was allowed.</param>
    /// <param name="offline">Nothing may be asked.</param>
    public ProjectPython(Host host, ProjectFiles files, bool offline = false)
    {
        _host = host;
        _files = files;
        _pip = PipSettings.Read(host.Caller.Variable, host.Caller.Home);
        _ownPlaces = new(() =>
            [.. _pip.FindLinks.Where(Directory.Exists).Append(host.Store.Root).Select(path => RealPath.Of(Path.GetFullPath(path)))]
        );
        var notes = new PauseNotes(host.Progress.Note, TimeProvider.System);
        _transport = new IndexTransport(
            _pip,
            IndexCredentials.Read(host.Caller.Variable, host.Caller.Home),
            offline: offline,
            notes: notes
        );
        _cache = new WheelCache(host.Store, _transport, notes) { OpenLocal = OpenLocal };
        _client = new SimpleIndexClient(_transport, new IndexCache(host.Store));
        _sources = new SourceFetcher(
            host.Store,
            _cache,
            _transport,
            new GitRepositories(host.Store, _transport) { RequireLocal = files.Require }
        );
    }

    /// <summary>What <c>[python]</c> of a recipe asks for, its files read.</summary>
    /// <exception cref="TorchyardException">TY2512, TY2514.</exception>
    public RequirementSet Requirements(RecipeSource source) =>
        source.Recipe.Python is { Pylock: null } settings
            ? RecipeRequirements.Read(
                settings,
                source.Files,
                RecipeGate.Survey(_host).Variables(source.Files),
                _pip,
                RecipeSurvey.PlaceOf(source),
                survey: null,
                Fetch
            )
            : new RequirementSet { Directory = source.Directory };

    // Requirement files are read one in another, each when its line comes.
    private byte[] Fetch(Uri url) =>
        Task.Run(() => _client.ReadTextAsync(WithoutCredential(url), LargestRequirementFile, CancellationToken.None))
            .GetAwaiter()
            .GetResult();

    private Uri WithoutCredential(Uri url) => _transport.Credentials.Adopt(url.AbsoluteUri);

    /// <summary>True when the recipe names Git repositories, of which wheels are built with git.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="set">Its requirements.</param>
    public static bool HasRepositories(RecipeSource source, RequirementSet set) =>
        source.Recipe.Python?.Pylock is { } pylock
            ? PylockReader.HasRepositories(pylock, source.Files)
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
        CancellationToken cancellation
    )
    {
        var settings = source.Recipe.Python!;
        var progress = _host.Progress;
        var indexes = Indexes(settings, set);
        options = options with { Environment = MarkerEnvironment.CPythonOnLinux(interpreter.Python, interpreter.Target.Machine) };

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
            NoBinary = set.NoBinary,
            Target = interpreter.Target,
            Kept = kept,
        };
        if (settings.Pylock is { } pylock)
        {
            var (locked, unbuilt) = PylockReader.Read(pylock, source.Files, interpreter.Target, interpreter.Python);
            return new PythonResolution(await sources.CompleteAsync(locked, unbuilt, cancellation), []);
        }

        return set.IsPinned
            ? await new PinnedResolver(indexes, progress, sources).ResolveAsync(set, interpreter.Target, interpreter.Python, cancellation)
            : await new PythonResolver(indexes, _cache, await pip(cancellation), progress, sources).ResolveAsync(
                set,
                options,
                cancellation
            );
    }

    /// <summary>True when an index or directory that the recipe takes packages from has a project.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="set">Its requirements.</param>
    /// <param name="name">Normalised name of the project.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<bool> HasProjectAsync(RecipeSource source, RequirementSet set, string name, CancellationToken cancellation) =>
        Indexes(source.Recipe.Python!, set).HasAsync(name, cancellation);

    private PythonIndexes Indexes(PythonSettings settings, RequirementSet set)
    {
        var merged = settings with
        {
            Indexes = [.. settings.Indexes, .. set.Indexes],
            ExtraIndexes = [.. settings.ExtraIndexes, .. set.ExtraIndexes],
        };
        return new PythonIndexes(
            _client,
            set.NoIndex ? [] : PythonIndexes.Choose(merged, _pip, _transport.Credentials, _host.Caller.Variable),
            set.FindLinks
        )
        {
            RequireLocal = RequireLocal,
            FindLinkPages = [.. set.FindLinkPages.Select(WithoutCredential)],
            Project = set.Project,
        };
    }

    /// <summary>Builds again what a lock built from source and this store lacks.</summary>
    /// <param name="directory">Directory that local archives are relative to.</param>
    /// <param name="builder">Builds on the lock's base system.</param>
    public WheelRebuilder CreateRebuilder(string directory, IWheelBuilder builder) =>
        new(_sources, _cache, CreateFetcher(directory), Maker(builder), directory);

    /// <summary>Fetches the wheels of a lock, from the machine's mirror of PyPI where it has one.</summary>
    /// <param name="directory">Directory that local wheels are relative to.</param>
    public WheelFetcher CreateFetcher(string directory)
    {
        var own = CredentialVariables.OfUser(_host.Caller.Variable);
        var mirrors = new[] { _pip.IndexUrl }
            .Concat(_pip.ExtraIndexUrls)
            .OfType<string>()
            .Select(url => _transport.Credentials.Adopt(own.Expand(url.EndsWith('/') ? url : url + "/", null)))
            .ToList();
        return new WheelFetcher(_cache, _client, mirrors, directory, _host.Progress);
    }

    /// <inheritdoc />
    public void Dispose() => _transport.Dispose();

    private FileStream OpenLocal(string path) => RegularFile.OpenRead(path, RequireLocal);

    // Files of the store are the program's own, those of find-links in pip's settings the user's.
    private void RequireLocal(string real)
    {
        if (!_ownPlaces.Value.Exists(place => RealPath.IsWithin(real, place)))
        {
            _files.Require(real);
        }
    }

    private WheelMaker Maker(IWheelBuilder builder) => new(_host.Store, _cache, builder, _host.Progress);

    /// <summary>Refuses a base system that <c>[python]</c> cannot be resolved over, as soon as its packages are known.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="set">Its requirements.</param>
    /// <param name="packages">The packages of the base system.</param>
    /// <exception cref="TorchyardException">TY2516: there is no Python 3, or no pip where one has to resolve or to be installed; TY2533:
    /// the project wants another Python.</exception>
    public static void Require(Recipe recipe, RequirementSet set, IReadOnlyList<SystemPackage> packages)
    {
        set.RequirePython(ImageInterpreter.Of(recipe, packages).Python);
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
    public static void Require(LockedPython python, IReadOnlyList<SystemPackage> packages)
    {
        if (python.Packages.All(package => package.Name != Pip))
        {
            RequirePip(packages);
        }
    }

    // pip's wheel is in python3-pip-whl, which python3-venv and python3-pip depend on (python-pip-whl before Debian 12 and Ubuntu 22.04).
    private static void RequirePip(IReadOnlyList<SystemPackage> packages)
    {
        if (!packages.Any(package => package.Name.EndsWith("pip-whl", StringComparison.Ordinal)))
        {
            throw new TorchyardException("TY2516", "the base system has no pip", "add python3 and python3-venv to the recipe's packages");
        }
    }

    private static string? DirectName(RequirementLine line) =>
        line.LocalWheel is { } path && WheelFileName.TryParse(Path.GetFileName(path), out var wheel) ? wheel.Name
        : line.Url is { } url && WheelFileName.TryParse(Uri.UnescapeDataString(url.Segments[^1]), out var remote) ? remote.Name
        : line.Source is not null ? line.Requirement?.Name.Normal
        : null;
}
