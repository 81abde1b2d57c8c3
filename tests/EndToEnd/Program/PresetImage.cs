using System.Text.Json;

namespace Torchyard.EndToEnd.Program;

/// <summary>A store with the image of a preset, for tests that start containers of it or give it to other programs.</summary>
/// <param name="preset">The preset.</param>
/// <param name="name">Name of the image.</param>
public abstract class PresetImage(string preset, string name) : IAsyncLifetime
{
    private string? _obstacle;
    private ProgramOutput? _failure;
    private TestStore? _store;

    /// <summary>The store it is in; the test is skipped where there can be none, and fails where the image was not built.</summary>
    internal TestStore Store
    {
        get
        {
            Assert.SkipWhen(_obstacle is not null, _obstacle ?? "");
            _failure?.Succeeded();
            return _store!;
        }
    }

    /// <summary>The directory with recipe and lock, in which <see cref="RunAsync"/> runs.</summary>
    internal string Project => Path.Combine(Store.Root, name);

    /// <summary>The digest of the image.</summary>
    internal string Digest { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _obstacle = await TestStore.ObstacleAsync(CancellationToken.None);
        if (_obstacle is not null)
        {
            return;
        }

        _store = await TestStore.CreateAsync(CancellationToken.None);
        await PresetLayers.LinkAsync(preset, _store, CancellationToken.None);
        var project = _store.NewProject(name);
        var done = await _store.RunAsync(project, ["init", preset], CancellationToken.None);
        done = done.ExitCode == 0 ? await _store.RunAsync(project, ["build", "--json"], CancellationToken.None) : done;
        if (done.ExitCode == 0)
        {
            using var answer = JsonDocument.Parse(done.Output);
            Digest = answer.RootElement.GetProperty("digest").GetString()!;
        }
        else
        {
            _failure = done;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Runs the program with more variables.</summary>
    internal Task<ProgramOutput> RunAsync(
        IReadOnlyDictionary<string, string> variables,
        CancellationToken cancellation,
        params string[] arguments
    )
    {
        var all = Store.Variables();
        foreach (var (variable, value) in variables)
        {
            all[variable] = value;
        }

        return HostProgram.RunAsync(TestStore.Program, arguments, cancellation, Project, all);
    }
}

/// <summary>The image of the preset <c>minimal</c>.</summary>
public sealed class SmallImage() : PresetImage("minimal", Name)
{
    public const string Name = "small";
}

/// <summary>The image of the preset <c>cpu</c>.</summary>
public sealed class CpuImage() : PresetImage("cpu", Name)
{
    public const string Name = "cpu";
}

/// <summary>The tests that share one small image; they run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class SmallImageTests : ICollectionFixture<SmallImage>
{
    public const string Name = "small image";
}

/// <summary>The tests that share one image with PyTorch; they run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class CpuImageTests : ICollectionFixture<CpuImage>
{
    public const string Name = "cpu image";
}
