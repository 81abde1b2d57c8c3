using System.Globalization;
using Torchyard.Images.Layers;
using Torchyard.Images.Sources;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Build;

/// <summary>
/// Makes the layers of an image. All sources begin at once; their layers are put upon each other bottom to top, each as soon as it and
/// those below it have their directories; fetching and packing go on beside that. The first failure of whatever was started ends it.
/// </summary>
internal static class LayerScheduler
{
    /// <summary>Makes all layers, bottom first.</summary>
    /// <param name="sources">The sources of which the lock has something.</param>
    /// <param name="context">What they work with.</param>
    internal static async Task<IReadOnlyList<ImageLayer>> MakeAsync(IReadOnlyList<ILayerSource> sources, LayerContext context)
    {
        var layers = context.Track(PlaceAllAsync(sources, context));
        // A package that cannot be had is known long before its layer's turn.
        await await Task.WhenAny(layers, context.Failure);
        return await layers;
    }

    private static async Task<IReadOnlyList<ImageLayer>> PlaceAllAsync(IReadOnlyList<ILayerSource> sources, LayerContext context)
    {
        var plans = sources.ToDictionary(
            source => source,
            source => context.Track(Task.Run(() => source.PlanAsync(context), context.Cancellation))
        );
        var beneath = sources.Where(source => source.Beneath is not null).ToList();
        var stack = LayerStack.Empty;
        foreach (var source in sources.Except(beneath).OrderBy(source => source.Order))
        {
            foreach (var plan in await plans[source])
            {
                foreach (var other in beneath.Where(other => plan.Brings.Contains(other.Beneath)).ToList())
                {
                    beneath.Remove(other);
                    foreach (var inserted in await plans[other])
                    {
                        stack = stack.With(await inserted.PlaceAsync(stack) with { Beneath = other.Beneath });
                    }
                }

                stack = stack.With(await plan.PlaceAsync(stack));
            }
        }

        if (beneath.Count > 0)
        {
            throw new InvalidOperationException($"no layer brings {string.Join(" and ", beneath.Select(source => source.Beneath))}");
        }

        var layers = await Task.WhenAll(stack.Layers.Select(layer => layer.Layer));
        await context.PublishAsync();
        context.EndWork(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Count.Of(layers.Length, "layer")}, {layers.Sum(layer => layer.Layer.Size) / 1e6:F0} MB"
            )
        );
        return layers;
    }
}
