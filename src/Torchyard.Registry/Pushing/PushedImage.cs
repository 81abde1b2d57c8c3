using Torchyard.Platform.Digests;

namespace Torchyard.Registry.Pushing;

/// <summary>An image that a registry has now.</summary>
/// <param name="Digest">Under which it has it.</param>
public sealed record PushedImage(Digest Digest)
{
    /// <summary>Layers and other blobs that were sent.</summary>
    public required int Sent { get; init; }

    /// <summary>Bytes of them.</summary>
    public required long Bytes { get; init; }

    /// <summary>Layers and other blobs that the registry had already.</summary>
    public required int There { get; init; }

    /// <summary>Artifacts that were attached to it: bill of materials, lock.</summary>
    public int Attached { get; init; }
}
