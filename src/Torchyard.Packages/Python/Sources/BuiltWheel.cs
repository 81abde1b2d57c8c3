using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>A wheel that was built, in the package cache.</summary>
internal sealed record BuiltWheel
{
    /// <summary>The wheel on this machine.</summary>
    public required string File { get; init; }

    /// <summary>Its own file name.</summary>
    public required string Filename { get; init; }

    /// <summary>Its hash.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>Its bytes.</summary>
    public required long Size { get; init; }

    /// <summary>What it was built from and with.</summary>
    public required LockedSource Source { get; init; }

    /// <summary>What it was built with, and what that was built with.</summary>
    public required LockedPython? Tools { get; init; }

    /// <summary>Its METADATA.</summary>
    public required WheelMetadata Metadata { get; init; }
}
