namespace Torchyard.Platform.Compression;

/// <summary>How a stream is compressed.</summary>
public enum CompressionFormat
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>gzip (RFC 1952), one member or several.</summary>
    Gzip,

    /// <summary>xz (The .xz File Format 1.2), one stream or several.</summary>
    Xz,

    /// <summary>Zstandard (RFC 8878), one frame or several.</summary>
    Zstd,
}
