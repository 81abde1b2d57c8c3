using Torchyard.Platform.Digests;

namespace Torchyard.Recipes.Sources;

/// <summary>A file of the project as it was found.</summary>
public sealed record ProjectTreeFile
{
    /// <summary>Its path as messages and locks have it: that of the recipe, with what is below it.</summary>
    public required string Path { get; init; }

    /// <summary>Its path below the source; empty where it is the source.</summary>
    public required string Inside { get; init; }

    /// <summary>True when its owner may start it.</summary>
    public required bool IsExecutable { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the content.</summary>
    public required Digest Sha256 { get; init; }
}
