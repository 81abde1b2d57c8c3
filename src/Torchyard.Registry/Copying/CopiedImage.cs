using Torchyard.Platform.Digests;

namespace Torchyard.Registry.Copying;

/// <summary>An image that was copied.</summary>
/// <param name="From">Digest under which the source has it.</param>
/// <param name="To">Digest under which the target has it: another where docker's documents became the OCI's.</param>
public sealed record CopiedImage(Digest From, Digest To)
{
    /// <summary>Images and indexes.</summary>
    public required int Manifests { get; init; }

    /// <summary>Layers and other blobs that were moved.</summary>
    public required int Moved { get; init; }

    /// <summary>Bytes of them.</summary>
    public required long Bytes { get; init; }

    /// <summary>Layers and other blobs that the target had already.</summary>
    public required int There { get; init; }

    /// <summary>Artifacts that are attached to them.</summary>
    public required int Attached { get; init; }
}
