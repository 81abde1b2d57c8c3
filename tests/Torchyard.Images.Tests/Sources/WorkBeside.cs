using Torchyard.Images.Sources;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Sources;

/// <summary>
/// A source that fills a directory of the build beside its layers and is still at it when they are made, as Python's interpreter is
/// unpacked while all layers are in the cache.
/// </summary>
internal sealed class WorkBeside : ILayerSource
{
    public bool Fails { get; init; }

    /// <summary>The directory that it fills.</summary>
    public string Directory { get; private set; } = "";

    /// <summary>What was there when it had ended.</summary>
    public string AtItsEnd { get; private set; } = "not ended";

    public LayerOrder Order => LayerOrder.Additions;

    public bool IsIn(RecipeLock locked) => true;

    public Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        Directory = System.IO.Directory.CreateDirectory(context.NewDirectory("beside")).FullName;
        var first = Path.Combine(Directory, "first");
        File.WriteAllText(first, "complete");
        context.Track(WorkAsync(first, context.Cancellation));
        return Fails ? throw new InvalidTimeZoneException() : Task.FromResult<IReadOnlyList<LayerPlan>>([]);
    }

    public SourceSoftware Software(RecipeLock locked) => new([]);

    private async Task WorkAsync(string first, CancellationToken cancellation)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellation.Register(told.SetResult);
        await told.Task;
        // Who is told to end needs some time for it.
        await Task.Delay(100, CancellationToken.None);
        AtItsEnd = File.Exists(first) ? await File.ReadAllTextAsync(first, CancellationToken.None) : "gone";
    }
}
