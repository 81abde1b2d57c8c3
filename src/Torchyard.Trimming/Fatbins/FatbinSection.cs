namespace Torchyard.Trimming.Fatbins;

/// <summary>The fatbins of one section.</summary>
public sealed record FatbinSection
{
    /// <summary>Its place among the section headers.</summary>
    public required int Index { get; init; }

    /// <summary><c>.nv_fatbin</c> or <c>__nv_relfatbin</c>.</summary>
    public required string Name { get; init; }

    /// <summary>First byte in the file.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes in the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>Its fatbins, in order.</summary>
    public required IReadOnlyList<FatbinRegion> Regions { get; init; }

    /// <summary>Bytes at its end that are not fatbins, and stay: a format that this program does not know.</summary>
    public required long UnknownBytes { get; init; }
}
