using Torchyard.Platform.Digests;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>A file of a project, as an index lists it.</summary>
internal sealed record ProjectFile
{
    /// <summary>File name.</summary>
    public required string Filename { get; init; }

    /// <summary>Absolute URL without fragment.</summary>
    public required Uri Url { get; init; }

    /// <summary>SHA-256 that the index gives, or null.</summary>
    public Digest? Sha256 { get; init; }

    /// <summary>Bytes (PEP 700), or null.</summary>
    public long? Size { get; init; }

    /// <summary>Requires-Python, or null.</summary>
    public string? RequiresPython { get; init; }

    /// <summary>Reason for a yanked file (PEP 592), empty when none was given; null when it is not yanked.</summary>
    public string? Yanked { get; init; }

    /// <summary>True when the index serves METADATA at <c>URL.metadata</c> (PEP 658, PEP 714).</summary>
    public bool HasMetadata { get; init; }

    /// <summary>True for what a find-links page links to: the lock keeps its URL, since no index has it.</summary>
    public bool IsLinked { get; init; }

    /// <summary>SHA-256 of that METADATA, or null.</summary>
    public Digest? MetadataSha256 { get; init; }
}

/// <summary>What an index has of a project.</summary>
/// <param name="Name">Normalised name that was asked for.</param>
/// <param name="Url">The page it is from, after redirects.</param>
/// <param name="Files">Its files, in the index's order.</param>
internal sealed record ProjectPage(string Name, Uri Url, IReadOnlyList<ProjectFile> Files);
