using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Terminals;

namespace Torchyard.EndToEnd.Streams;

[CollectionDefinition(Name)]
public sealed class SmallContainerTests : ICollectionFixture<SmallContainer>
{
    public const string Name = "small container";
}

/// <summary>
/// A store with the image of the preset <c>minimal</c> and one container of it that runs, for tests that are its clients.
/// </summary>
public sealed class SmallContainer : IAsyncLifetime
{
    public const string Image = "small";
    public const string Container = "kept";

    private string? _obstacle;
    private ProgramOutput? _failure;
    private TestStore? _store;

    internal TestStore Store
    {
        get
        {
            Assert.SkipWhen(_obstacle is not null, _obstacle ?? "");
            _failure?.Succeeded();
            return _store!;
        }
    }

    /// <summary>An empty directory.</summary>
    internal string NewDirectory() => Store.NewProject(Guid.NewGuid().ToString("N")[..8]);

    public async ValueTask InitializeAsync()
    {
        _obstacle = await TestStore.ObstacleAsync(CancellationToken.None);
        if (_obstacle is not null)
        {
            return;
        }

        _store = await TestStore.CreateAsync(CancellationToken.None);
        await PresetLayers.LinkAsync("minimal", _store, CancellationToken.None);
        var project = _store.NewProject(Image);
        string[][] steps =
        [
            ["init", "minimal"],
            ["build"],
            ["run", "-d", "--name", Container, Image, "sleep", "infinity"],
        ];
        foreach (var step in steps)
        {
            var done = await _store.RunAsync(project, step, CancellationToken.None);
            if (done.ExitCode != 0)
            {
                _failure = done;
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.RunAsync("/", ["rm", "--force", Container], CancellationToken.None);
            await _store.DisposeAsync();
        }
    }

    /// <summary>
    /// Runs a script of bash in a directory; <c>ty</c> is the program, <c>$SMALL</c> the image and <c>$KEPT</c> the container.
    /// </summary>
    internal Task<ProgramOutput> ScriptAsync(
        string script,
        string directory,
        CancellationToken cancellation,
        params (string Name, string Value)[] more
    )
    {
        var variables = Variables();
        foreach (var (name, value) in more)
        {
            variables[name] = value;
        }

        return HostProgram.RunAsync("bash", ["-c", Prologue + script], cancellation, directory, variables);
    }

    /// <summary>Runs such a script on a terminal of its own.</summary>
    internal PseudoTerminal OnTerminal(string script, string directory) =>
        PseudoTerminal.StartProgram(directory, 24, 80, Variables(), "bash", "-c", Prologue + script);

    private static string Prologue => $"ty() {{ '{TestStore.Program}' \"$@\"; }}; SMALL={Image} KEPT={Container}; ";

    private Dictionary<string, string> Variables() => Store.Variables();
}
