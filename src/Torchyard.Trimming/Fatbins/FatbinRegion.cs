namespace Torchyard.Trimming.Fatbins;

/// <summary>
/// A fatbin in a section: what one wrapper of <c>.nvFatBinSegment</c> points at, so that its beginning stays where it is.
/// </summary>
public sealed record FatbinRegion
{
    /// <summary>Where its header begins in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes behind its header.</summary>
    public required long Payload { get; init; }

    /// <summary>What is in it, in order.</summary>
    public required IReadOnlyList<FatbinEntry> Entries { get; init; }

    /// <summary>Why it cannot be understood and stays whole; null where it can.</summary>
    public string? Doubt { get; init; }

    /// <summary>Where its entries begin.</summary>
    public long EntriesAt => Offset + FatbinFormat.RegionHeaderBytes;

    /// <summary>The first byte behind it.</summary>
    public long End => EntriesAt + Payload;
}
