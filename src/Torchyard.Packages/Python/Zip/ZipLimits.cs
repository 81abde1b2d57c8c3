namespace Torchyard.Packages.Python.Zip;

/// <summary>Sizes beyond which an archive is refused, so that a hostile one can neither fill the memory nor the disk.</summary>
public sealed record ZipLimits
{
    /// <summary>Bytes of the central directory, which is read into memory piece by piece but kept as entries.</summary>
    public long DirectorySize { get; init; } = 256L << 20;

    /// <summary>Most entries.</summary>
    public int Entries { get; init; } = 500_000;

    /// <summary>Bytes of all files together, decoded. The largest wheels known (CUDA libraries) are under 2 GiB.</summary>
    public long TotalSize { get; init; } = 32L << 30;

    /// <summary>
    /// How many times its own size an archive may decode to. Wheels stay below 20; only what is larger than <see cref="FreeSize"/> is held
    /// to it.
    /// </summary>
    public long Expansion { get; init; } = 100;

    /// <summary>Decoded bytes that need no justification.</summary>
    public long FreeSize { get; init; } = 1L << 30;

    /// <summary>Bytes of a name.</summary>
    public int NameLength { get; init; } = 1024;
}
