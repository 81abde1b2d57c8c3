using Torchyard.Platform.Digests;

namespace Torchyard.Recipes.Locks;

/// <summary>The image that another is built on (<c>base.image</c>), exactly.</summary>
public sealed record LockedBase
{
    /// <summary>Digest of its manifest.</summary>
    public required Digest Manifest { get; init; }

    /// <summary>Architecture of its configuration.</summary>
    public required string Architecture { get; init; }

    /// <summary>The distribution, <c>ID</c> of os-release; null where it does not say.</summary>
    public string? Distribution { get; init; }

    /// <summary>Its release, <c>VERSION_CODENAME</c> of os-release; null where it does not say.</summary>
    public string? Suite { get; init; }

    /// <summary>Variables that it gives to every program, <c>NAME=value</c> each.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>
    /// Version of Debian's Python where that is the one that programs of the image use; null where it has another one, or none.
    /// </summary>
    public string? Python { get; init; }

    /// <summary>
    /// Directory of programs that comes before those of the system, of an environment that it has; null for none.
    /// </summary>
    public string? Programs { get; init; }

    /// <summary>Ports that it says it has, <c>8888/tcp</c> each.</summary>
    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>Its volumes.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Its layers, bottom first.</summary>
    public required IReadOnlyList<LockedBaseLayer> Layers { get; init; }

    /// <summary>What dpkg says is installed in it, by name then architecture (ordinal).</summary>
    public IReadOnlyList<LockedBasePackage> Packages { get; init; } = [];
}

/// <summary>A layer of a base image.</summary>
/// <param name="Digest">Digest of its blob.</param>
/// <param name="DiffId">Digest of the tar in it.</param>
/// <param name="Size">Bytes of the blob.</param>
/// <param name="MediaType">Media type of the blob.</param>
public sealed record LockedBaseLayer(Digest Digest, Digest DiffId, long Size, string MediaType);

/// <summary>A Debian package that is installed in a base image.</summary>
public sealed record LockedBasePackage
{
    /// <summary>Package name.</summary>
    public required string Name { get; init; }

    /// <summary>Version.</summary>
    public required string Version { get; init; }

    /// <summary>Architecture, or <c>all</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Source package; null when it has the same name.</summary>
    public string? Source { get; init; }

    /// <summary>Version of the source package; null when it is that of the binary package.</summary>
    public string? SourceVersion { get; init; }
}
