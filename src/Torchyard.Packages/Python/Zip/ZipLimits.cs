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

    /// <summary>Bytes of a name.</summary>
    public int NameLength { get; init; } = 1024;
}
