using Torchyard.Images.Tar;

namespace Torchyard.Images.Layers;

/// <summary>An entry of a layer and where its content lies below the layer's directory.</summary>
/// <param name="Entry">The entry as it goes into the tar.</param>
/// <param name="ContentPath">Path of the content below the directory; null for entries without.</param>
internal sealed record LayerEntry(TarEntry Entry, string? ContentPath)
{
    /// <summary>Path order by code unit: parents before children, the same everywhere.</summary>
    internal static int Compare(LayerEntry one, LayerEntry other) => string.CompareOrdinal(one.Entry.Name, other.Entry.Name);
}
