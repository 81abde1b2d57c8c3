using Torchyard.Trimming.Fatbins;

namespace Torchyard.Trimming.Layout;

/// <summary>What becomes of a file.</summary>
public sealed record TrimPlan
{
    /// <summary>The new file, from its first byte to its last; empty when the file stays as it is.</summary>
    public required IReadOnlyList<OutputPiece> Pieces { get; init; }

    /// <summary>Bytes of the old file.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Bytes of the new file.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>Bytes that are written as zeros and could not be taken out of the file.</summary>
    public required long ZeroBytes { get; init; }

    /// <summary>The device code, by class.</summary>
    public required IReadOnlyList<CodeClass> Classes { get; init; }

    /// <summary>Regions of which nothing stays but their header.</summary>
    public required int EmptiedRegions { get; init; }

    /// <summary>All regions.</summary>
    public required int Regions { get; init; }

    /// <summary>What stays because it is not understood, in words.</summary>
    public required IReadOnlyList<string> Doubts { get; init; }

    /// <summary>Something is taken out.</summary>
    public bool IsChange => Pieces.Count > 0;

    /// <summary>Device code before, in bytes of the file.</summary>
    public long CodeBefore => Classes.Sum(one => one.Bytes);

    /// <summary>Device code after.</summary>
    public long CodeAfter => Classes.Sum(one => one.KeptBytes);
}

/// <summary>Device code of one kind for one architecture.</summary>
public sealed record CodeClass
{
    /// <summary><c>sm_90</c>, <c>sm_90a</c>, <c>compute_90</c> for PTX, or what it is in words.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required EntryKind Kind { get; init; }

    /// <summary>How many entries there were.</summary>
    public required int Entries { get; init; }

    /// <summary>How many stay.</summary>
    public required int KeptEntries { get; init; }

    /// <summary>Their bytes in the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of those that stay.</summary>
    public required long KeptBytes { get; init; }
}
