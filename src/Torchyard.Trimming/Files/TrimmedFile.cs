using Torchyard.Trimming.Layout;

namespace Torchyard.Trimming.Files;

/// <summary>A file that was looked at.</summary>
public sealed record TrimmedFile
{
    /// <summary>Its path below the directory, or its name.</summary>
    public required string Path { get; init; }

    /// <summary>What became of it.</summary>
    public required TrimPlan Plan { get; init; }

    /// <summary>SHA-256 of the new content, in hexadecimal; null where nothing was written.</summary>
    public string? Sha256 { get; init; }
}
