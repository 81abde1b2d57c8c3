namespace Torchyard.Images.Sources;

/// <summary>The layers that are in their places, bottom first.</summary>
/// <param name="Layers">The layers.</param>
internal sealed record LayerStack(IReadOnlyList<PlacedLayer> Layers)
{
    /// <summary>No layer.</summary>
    internal static LayerStack Empty { get; } = new([]);

    /// <summary>Their directories, top first: the lower directories of an overlay.</summary>
    internal IReadOnlyList<string> Roots => [.. Layers.Select(layer => layer.Root).Reverse()];

    /// <summary>Newest time of what they are made from, seconds since 1970.</summary>
    internal long Epoch => Layers.Select(layer => layer.Epoch).DefaultIfEmpty().Max();

    /// <summary>The layers above the topmost one whose key stands for all below it.</summary>
    internal IReadOnlyList<PlacedLayer> Uncovered =>
        [.. Layers.Skip(Layers.Count - Layers.Reverse().TakeWhile(layer => !layer.CoversBelow).Count())];

    /// <summary>
    /// Keys that stand for all of them: that of the topmost layer which covers those below it, empty for none; then those above it.
    /// </summary>
    internal IEnumerable<string> Keys =>
        Uncovered.Select(layer => layer.Key.Hex).Prepend(Layers.LastOrDefault(layer => layer.CoversBelow)?.Key.Hex ?? "");

    /// <summary>These with one more on top.</summary>
    internal LayerStack With(PlacedLayer layer) => new([.. Layers, layer]);
}
