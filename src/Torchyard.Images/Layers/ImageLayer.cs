using Torchyard.Images.Oci;

namespace Torchyard.Images.Layers;

/// <summary>A layer of an image with the line that the image's history has for it.</summary>
internal sealed record ImageLayer(PackedLayer Layer, string History);
