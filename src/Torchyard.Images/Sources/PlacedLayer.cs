using Torchyard.Images.Layers;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Sources;

/// <summary>A layer in its place.</summary>
/// <param name="Key">Key of what it is made from.</param>
/// <param name="Root">Directory of its mounted form.</param>
/// <param name="Layer">The layer, once it is packed.</param>
internal sealed record PlacedLayer(Digest Key, string Root, Task<ImageLayer> Layer)
{
    /// <summary>Newest time of what it is made from, seconds since 1970, where it says one.</summary>
    public long Epoch { get; init; }

    /// <summary>True when its key stands for all layers below it too.</summary>
    public bool CoversBelow { get; init; }

    /// <summary>What it was put beneath; see <see cref="ILayerSource.Beneath"/>.</summary>
    public string? Beneath { get; init; }

    /// <summary>Absolute paths of its files in the image, in name order.</summary>
    internal IReadOnlyList<string> Files =>
        [
            .. Directory
                .EnumerateFiles(Root, "*", SearchOption.AllDirectories)
                .Select(file => "/" + Path.GetRelativePath(Root, file))
                .Order(StringComparer.Ordinal),
        ];
}
