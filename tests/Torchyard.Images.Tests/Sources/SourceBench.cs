using Torchyard.Images.Environments;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Sources;
using Torchyard.Images.Timings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Sources;

/// <summary>One source at work without the others.</summary>
internal static class SourceBench
{
    public static SupervisorProgram Supervisor { get; } = new("#!/bin/sh\n"u8.ToArray(), Digest.Of("#!/bin/sh\n"u8));

    /// <summary>A lock of nothing.</summary>
    public static RecipeLock Lock { get; } =
        new()
        {
            RecipeDigest = Digest.Of("recipe"u8),
            Recipe = new Recipe
            {
                Name = "sources",
                Base = new DebianBase { Suite = "trixie" },
            },
            SourceDateEpoch = 1_700_000_000,
            Archives = [],
            Packages = [],
            Tools = new LockedTools(BuildKey.Format, Supervisor.Digest, Packing.Of(new ImageSettings()).Compressor),
        };

    /// <summary>Does something with the layers of a source, put upon nothing.</summary>
    public static async Task<T> WorkAsync<T>(
        ILayerSource source,
        RecipeLock locked,
        StorePaths store,
        Func<LayerContext, IReadOnlyList<PlacedLayer>, Task<T>> work,
        IRootSandbox? sandbox = null,
        IProgressSink? progress = null
    )
    {
        var layout = new OciLayout(store);
        layout.Initialise();
        using var queue = new WorkQueue(1);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using var context = new LayerContext
        {
            Locked = locked,
            Store = store,
            Layout = layout,
            Cache = new LayerCache(store, layout),
            Sandbox = sandbox ?? new NoSandbox(),
            Queue = queue,
            Directory = Directory.CreateDirectory(Path.Combine(store.Root, "work")).FullName,
            Timings = new BuildTimings(),
            Progress = progress ?? SilentProgress.Instance,
            Abort = abort,
        };
        var stack = LayerStack.Empty;
        foreach (var plan in await source.PlanAsync(context))
        {
            stack = stack.With(await plan.PlaceAsync(stack));
        }

        return await work(context, stack.Layers);
    }
}

/// <summary>A sandbox for builds that run no program.</summary>
internal sealed class NoSandbox : IRootSandbox
{
    public Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation) =>
        throw new InvalidOperationException($"{request.Arguments[0]} was to be run");
}
