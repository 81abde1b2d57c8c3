using Torchyard.Platform.Digests;

namespace Torchyard.Recipes.Locks;

/// <summary>A file of the package cache that a lock names, whatever source it belongs to.</summary>
public sealed record LockedFile
{
    /// <summary>What it is, for people: <c>bash</c>, <c>numpy</c>, <c>cuDNN</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Name of the file.</summary>
    public required string FileName { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the file.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>Where it was published, without the machine's mirror; null when the lock does not say it.</summary>
    public string? Origin { get; init; }

    /// <summary>Path of a file of the project, which is copied from there; null for what is fetched.</summary>
    public string? Path { get; init; }

    /// <summary>What kind of file it is where the name leaves that open: <c>Python</c>; null for the rest.</summary>
    public string? Kind { get; init; }

    /// <summary>Bytes that its content takes in the image, as far as the lock says it.</summary>
    public long InstalledSize { get; init; }

    /// <summary>Name and version.</summary>
    public string Title => $"{Name} {Version}";

    /// <summary>Name, version and kind.</summary>
    public string Label => Kind is null ? Title : $"{Title} ({Kind})";
}
