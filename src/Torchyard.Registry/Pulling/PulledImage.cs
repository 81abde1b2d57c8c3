using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;

namespace Torchyard.Registry.Pulling;

/// <summary>An image that is in the store now.</summary>
/// <param name="Image">The image.</param>
/// <param name="Registry">Digest under which the registry has it: of an index, or of docker's manifest.</param>
public sealed record PulledImage(StoredImage Image, Digest Registry)
{
    /// <summary>Layers and other blobs that were fetched.</summary>
    public required int Fetched { get; init; }

    /// <summary>Bytes of them.</summary>
    public required long Bytes { get; init; }

    /// <summary>Layers and other blobs that were there already.</summary>
    public required int There { get; init; }

    /// <summary>Artifacts that came with it: bill of materials, lock.</summary>
    public int Attached { get; init; }
}
