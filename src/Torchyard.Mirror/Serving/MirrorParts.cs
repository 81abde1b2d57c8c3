using Torchyard.Mirror.Store;
using Torchyard.Mirror.Upstreams;
using Torchyard.Mirror.Watching;

namespace Torchyard.Mirror.Serving;

/// <summary>What a running mirror is made of.</summary>
internal sealed record MirrorParts
{
    /// <summary>What it keeps.</summary>
    public required MirrorStore Store { get; init; }

    /// <summary>What it holds to.</summary>
    public required MirrorSettings Settings { get; init; }

    /// <summary>What it did.</summary>
    public required Counters Counters { get; init; }

    /// <summary>Blobs that it is fetching.</summary>
    public required Fetches Fetches { get; init; }

    /// <summary>Manifests of others.</summary>
    public required UpstreamManifests Manifests { get; init; }

    /// <summary>Registries that it fetches from.</summary>
    public required IReadOnlyList<UpstreamRegistry> Upstreams { get; init; }
}
