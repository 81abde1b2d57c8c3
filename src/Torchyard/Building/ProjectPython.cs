using Torchyard.CommandLine;
using Torchyard.Images;
using Torchyard.Images.Wheels;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>The Python part of a project, put together for this machine: its pip settings, credentials and cache.</summary>
internal sealed class ProjectPython : IDisposable
{
    private readonly Invocation _invocation;
    private readonly PipSettings _pip;
    private readonly IndexTransport _transport;
    private readonly WheelCache _cache;

    public ProjectPython(Invocation invocation)
    {
        _invocation = invocation;
        _pip = PipSettings.Read(invocation.Caller.Variable, invocation.Caller.Home);
        _transport = new IndexTransport(_pip, IndexCredentials.Read(invocation.Caller.Variable, invocation.Caller.Home));
        _cache = new WheelCache(invocation.Store, _transport);
    }

    /// <summary>Resolves <c>[python]</c> of a recipe over its base system.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="locked">Its lock without the Python part.</param>
    /// <param name="lower">Layers of the base system, top first.</param>
    /// <param name="sandbox">Runs the base system's pip.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2519.</exception>
    public async Task<LockedPython> LockAsync(
        RecipeSource source, RecipeLock locked, IReadOnlyList<string> lower, IRootSandbox sandbox, CancellationToken cancellation)
    {
        var settings = source.Recipe.Python!;
        if (settings.Pylock is { } pylock)
        {
            var (target, python) = Interpreter(locked);
            return PylockReader.Read(pylock, source.Directory, target, python);
        }

        var set = RecipeRequirements.Read(settings, source.Directory, _invocation.Caller.Variable);
        var merged = settings with { Indexes = [.. settings.Indexes, .. set.Indexes], ExtraIndexes = [.. settings.ExtraIndexes, .. set.ExtraIndexes] };
        var indexes = new PythonIndexes(
            new SimpleIndexClient(_transport), PythonIndexes.Choose(merged, _pip, _transport.Credentials, _invocation.Caller.Variable), set.FindLinks);
        if (set.IsPinned)
        {
            var (target, python) = Interpreter(locked);
            return await new PinnedResolver(indexes, _invocation.Screen.Progress).ResolveAsync(set, target, python, cancellation);
        }

        var pip = new SandboxPip(_invocation.Store, sandbox, lower);
        return await new PythonResolver(indexes, _cache, pip, _invocation.Screen.Progress).ResolveAsync(set, [], cancellation);
    }

    /// <summary>Fetches the wheels of a lock, from the machine's mirror of PyPI where it has one.</summary>
    /// <param name="directory">Directory that local wheels are relative to.</param>
    public IWheelFetcher CreateFetcher(string directory)
    {
        var mirrors = _pip.IndexUrl is { } url
            ? new Dictionary<string, Uri> { ["pypi"] = _transport.Credentials.Adopt(url.EndsWith('/') ? url : url + "/", _invocation.Caller.Variable) }
            : [];
        return new WheelFetcher(_cache, new SimpleIndexClient(_transport), mirrors, directory, _invocation.Screen.Progress);
    }

    /// <inheritdoc />
    public void Dispose() => _transport.Dispose();

    /// <summary>The interpreter and glibc that the locked Debian packages bring.</summary>
    private static (InterpreterTarget Target, PythonVersion Python) Interpreter(RecipeLock locked)
    {
        // Versions such as 3.13.5-1 and 2.41-12.
        var python = Upstream(locked, "python3") is { } text && PythonVersion.TryParse(text, out var version) ? version : null;
        var glibc = Upstream(locked, "libc6") is { } release && PythonVersion.TryParse(release, out var parsed) ? (int)parsed.Segment(1) : 0;
        if (python is null || glibc == 0)
        {
            throw new TorchyardException("TY2516", "the base system has no Python 3", "Add python3 and python3-venv to the recipe's packages");
        }

        var machine = locked.Recipe.Base.Architecture switch { "amd64" => "x86_64", "arm64" => "aarch64", var other => other };
        return (new InterpreterTarget((int)python.Segment(1), glibc, machine), python);
    }

    private static string? Upstream(RecipeLock locked, string package) =>
        locked.Packages.FirstOrDefault(p => p.Name == package)?.Version.Split('-')[0];
}
