using Torchyard.Images.Layers;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Sources;
using Torchyard.Images.Tests.Sources;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Images.Tests.Steps;

/// <summary>Files and commands of a recipe, put upon one layer that the test fills.</summary>
internal sealed class StepsBench : IDisposable
{
    public const long Epoch = 1_600_000_000;

    private readonly TemporaryStore _store = new();
    private int _builds;

    public StepsBench()
    {
        Directory.CreateDirectory(Base);
        Directory.CreateDirectory(Project);
    }

    /// <summary>The layer below.</summary>
    public string Base => Path.Combine(_store.Paths.Root, "base");

    /// <summary>The project.</summary>
    public string Project => Path.Combine(_store.Paths.Root, "project");

    /// <summary>Key of the layer below.</summary>
    public string BaseKey { get; set; } = "base";

    /// <summary>What the person was told.</summary>
    public Notes Notes { get; } = new();

    /// <summary>A lock of the files and commands as they are now.</summary>
    public RecipeLock Lock(IReadOnlyList<FilesSetting> files, params RunStep[] run)
    {
        var recipe = SourceBench.Lock.Recipe with { Files = files, Run = run };
        return SourceBench.Lock with { Recipe = recipe, Files = LockedProjectFile.Of(recipe, new ProjectFiles(Project)) };
    }

    /// <summary>Gives the files of the project.</summary>
    public ProjectFileFetcher Fetcher() => new(_store.Paths, new ProjectFiles(Project));

    /// <summary>Makes the layers and keeps them in the store; of each the directory and the digest of its tar.</summary>
    public async Task<IReadOnlyList<(string Root, Digest DiffId)>> MakeAsync(
        ILayerSource source,
        RecipeLock locked,
        IRootSandbox? sandbox = null
    )
    {
        var made = await SourceBench.WorkAsync(
            new Upon(this, source),
            locked,
            _store.Paths,
            async (context, layers) =>
            {
                var own = layers.Skip(1).ToList();
                var digests = (await Task.WhenAll(own.Select(layer => layer.Layer))).Select(layer => layer.Layer.DiffId).ToList();
                await context.PublishAsync();
                return own.Zip(digests).Select(pair => (context.Cache.MountedPath(pair.Second), pair.Second)).ToList();
            },
            sandbox,
            Notes
        );
        // The next one is a build of its own.
        Directory.Move(Path.Combine(_store.Paths.Root, "work"), Path.Combine(_store.Paths.Root, $"work-{++_builds}"));
        return made;
    }

    public void Dispose() => _store.Dispose();

    private sealed class Upon(StepsBench bench, ILayerSource source) : ILayerSource
    {
        public LayerOrder Order => LayerOrder.Steps;

        public bool IsIn(RecipeLock locked) => true;

        public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context) =>
            [new LayerPlan(_ => Task.FromResult(Bottom())), .. await source.PlanAsync(context)];

        public SourceSoftware Software(RecipeLock locked) => new([]);

        private PlacedLayer Bottom() =>
            new(
                Digest.Of(System.Text.Encoding.UTF8.GetBytes(bench.BaseKey)),
                bench.Base,
                Task.FromException<ImageLayer>(new InvalidOperationException("nobody packs it"))
            )
            {
                Epoch = Epoch,
                CoversBelow = true,
            };
    }
}

/// <summary>Keeps what a person is told.</summary>
internal sealed class Notes : IProgressSink
{
    public List<string> Lines { get; } = [];

    public IProgressTask Begin(string label, long? total = null, ProgressUnit unit = ProgressUnit.Bytes)
    {
        lock (Lines)
        {
            Lines.Add(label);
        }

        return SilentProgress.Instance;
    }

    public void Note(string text)
    {
        lock (Lines)
        {
            Lines.Add(text);
        }
    }

    public void Warn(string text) => Note(text);
}

/// <summary>A sandbox in which a program is what the test does to the upper directory.</summary>
internal sealed class FakeSandbox(Func<SandboxRequest, SandboxResult> run) : IRootSandbox
{
    public List<SandboxRequest> Requests { get; } = [];

    public Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation)
    {
        Requests.Add(request);
        return Task.FromResult(run(request));
    }
}
