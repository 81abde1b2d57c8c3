using System.Globalization;
using Torchyard.Images.Layers;
using Torchyard.Images.Sources;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Steps;

/// <summary>
/// The recipe's own commands, <c>[[run]]</c>: a layer each, upon everything but Torchyard's own files, so that no command can change those.
/// </summary>
internal sealed class RunSource : ILayerSource
{
    /// <inheritdoc />
    public LayerOrder Order => LayerOrder.Steps;

    /// <inheritdoc />
    public bool IsIn(RecipeLock locked) => locked.Recipe.Run.Count > 0;

    /// <inheritdoc />
    public Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        var steps = context.Locked.Recipe.Run;
        return Task.FromResult<IReadOnlyList<LayerPlan>>([
            .. steps.Select((step, index) => new LayerPlan(below => PlaceAsync(below, step, $"{index + 1} of {steps.Count}", context))),
        ]);
    }

    /// <inheritdoc />
    // What a command makes has no name or version; the lock, which is attached too, has the command.
    public SourceSoftware Software(RecipeLock locked) => new([]);

    /// <inheritdoc />
    public LayerReason? Explain(RecipeLock locked, string name) =>
        locked.Recipe.Run.FirstOrDefault(step => step.Title == name) is { } step
            ? new LayerReason(
                step.Title,
                "run",
                [],
                [
                    $"[[run]] of the recipe has it: {VisibleText.Of(step.Line)}",
                    .. step
                        .Environment.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                        .Select(pair => $"with {pair.Key}={VisibleText.Of(pair.Value)}"),
                ]
            )
            {
                Title = "a command of the recipe",
            }
            : null;

    private static async Task<PlacedLayer> PlaceAsync(LayerStack below, RunStep step, string number, LayerContext context)
    {
        var epoch = below.Epoch;
        var stage = new StepStage(context, step, epoch);
        var key = BuildKey.Of("run", [context.Packing.Key, epoch.ToString(CultureInfo.InvariantCulture), .. below.Keys, stage.Exactly.Hex]);
        var history = "run: " + VisibleText.Of(step.Title);
        var placed = MadeLayer.Find(context.Cache, key, history) is { } cached
            ? context.Place(cached)
            : context.PlaceUpper(key, await stage.RunAsync(below.Roots, number), epoch, history);
        return placed with { CoversBelow = true };
    }
}
