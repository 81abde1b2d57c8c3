namespace Torchyard.Images.Sources;

/// <summary>A layer that a source is going to make.</summary>
/// <param name="PlaceAsync">
/// Puts the layer on those below it, which all have their directories by then. It is called once, bottom to top; its own directory is there
/// when it ends, and it may be packed later.
/// </param>
internal sealed record LayerPlan(Func<LayerStack, Task<PlacedLayer>> PlaceAsync)
{
    /// <summary>Names that another source may want to lie beneath.</summary>
    public IReadOnlyCollection<string> Brings { get; init; } = [];
}
