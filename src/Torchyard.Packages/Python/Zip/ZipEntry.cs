namespace Torchyard.Packages.Python.Zip;

/// <summary>How an entry of a zip file is stored (APPNOTE.TXT 4.4.5).</summary>
public enum ZipMethod
{
    /// <summary>As it is.</summary>
    Stored = 0,

    /// <summary>Raw deflate (RFC 1951).</summary>
    Deflate = 8,
}

/// <summary>A file of a zip archive, from its central directory. The name was checked: relative, with no <c>..</c>, unique.</summary>
public sealed record ZipEntry
{
    /// <summary>Path with <c>/</c> between its parts.</summary>
    public required string Name { get; init; }

    /// <summary>How the bytes are stored.</summary>
    public required ZipMethod Method { get; init; }

    /// <summary>Bytes in the archive.</summary>
    public required long CompressedSize { get; init; }

    /// <summary>Bytes of the file itself.</summary>
    public required long Size { get; init; }

    /// <summary>CRC-32 of the file (ISO 3309, as gzip uses it).</summary>
    public required uint Crc32 { get; init; }

    /// <summary>True when any execute bit is set in the Unix mode that the archive gives.</summary>
    public required bool Executable { get; init; }

    /// <summary>Place of the local header.</summary>
    public required long HeaderOffset { get; init; }

    /// <summary>Where the next entry or the central directory begins: this entry ends there at the latest.</summary>
    public long Limit { get; init; }
}
