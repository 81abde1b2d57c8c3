using Torchyard.Platform.Digests;

namespace Torchyard.Images.Store;

/// <summary>Something of the store that is not what it says.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Digest">Digest of the blob, diff id of the mounted layer, or hash of the cached file; null for the index.</param>
/// <param name="Text">For people: which one, and what is wrong with it.</param>
public sealed record StoreProblem(StoreProblemKind Kind, Digest? Digest, string Text)
{
    /// <summary>Place of a sealed directory.</summary>
    public string? Path { get; init; }
}

/// <summary>Parts of a store that can be damaged.</summary>
public enum StoreProblemKind
{
    /// <summary>index.json.</summary>
    Index,

    /// <summary>Something that only saves work, and is removed when it is damaged.</summary>
    Record,

    /// <summary>A blob of the layout: damaged, or named and not there.</summary>
    Blob,

    /// <summary>The mounted form of a layer.</summary>
    MountedLayer,

    /// <summary>A file of the package cache.</summary>
    CachedFile,

    /// <summary>A directory that is made once and then only read: the interpreter that compiles modules, a fetched program.</summary>
    SealedDirectory,
}
