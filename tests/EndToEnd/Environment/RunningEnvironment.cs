using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Environment;

/// <summary>One environment of the preset <c>cpu</c>, brought up once for all tests that are its clients.</summary>
public sealed class RunningEnvironment : IAsyncLifetime
{
    private string? _obstacle;
    private ProgramOutput? _failure;
    private TestStore? _store;
    private UpReport? _report;

    /// <summary>The store it is in; the test is skipped where there can be none, and fails where it did not come up.</summary>
    internal TestStore Store => Required(_store);

    /// <summary>What the last <c>up --json</c> said.</summary>
    internal UpReport Report => Required(_report);

    /// <summary>The project directory.</summary>
    internal string Project => Path.Combine(Store.Root, "project");

    public async ValueTask InitializeAsync()
    {
        _obstacle = await TestStore.ObstacleAsync(CancellationToken.None);
        if (_obstacle is not null)
        {
            return;
        }

        _store = await TestStore.CreateAsync(CancellationToken.None);
        await PresetLayers.LinkAsync("cpu", _store, CancellationToken.None);
        var project = _store.NewProject("project");
        var written = await _store.RunAsync(project, ["init", "cpu", "--example"], CancellationToken.None);
        if (written.ExitCode != 0)
        {
            _failure = written;
            return;
        }

        // Any free ports: what the tests of the pages bring up meanwhile, on those of the preset, would be in the way.
        var recipe = Path.Combine(project, "torchyard.toml");
        await File.WriteAllTextAsync(
            recipe,
            Regex.Replace(await File.ReadAllTextAsync(recipe, CancellationToken.None), "(?m)^port = [0-9]+$", "port = 0"),
            CancellationToken.None
        );
        var up = await _store.RunAsync(project, ["up", "--json"], CancellationToken.None);
        if (up.ExitCode == 0)
        {
            _report = UpReport.Read(up.Output);
        }
        else
        {
            _failure = up;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.RunAsync(Path.Combine(_store.Root, "project"), ["down"], CancellationToken.None);
            await _store.DisposeAsync();
        }
    }

    /// <summary><c>up --json</c> once more, with options.</summary>
    internal async Task<UpReport> UpAsync(CancellationToken cancellation, params string[] options)
    {
        var up = await Store.RunAsync(Project, ["up", "--json", .. options], cancellation);
        return _report = UpReport.Read(up.Succeeded().Output);
    }

    /// <summary>Runs a command in the environment.</summary>
    internal Task<ProgramOutput> ExecAsync(CancellationToken cancellation, params string[] command) =>
        Store.RunAsync(Project, ["exec", Report.Name, .. command], cancellation);

    private T Required<T>(T? value)
        where T : class
    {
        Assert.SkipWhen(_obstacle is not null, _obstacle ?? "");
        Assert.True(_failure is null, $"the environment did not come up\n{_failure?.Transcript}");
        return value!;
    }
}

/// <summary>The tests that share one environment; they run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class RunningEnvironmentTests : ICollectionFixture<RunningEnvironment>
{
    public const string Name = "running environment";
}
