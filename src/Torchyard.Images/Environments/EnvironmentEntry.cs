namespace Torchyard.Images.Environments;

/// <summary>A file, directory or symbolic link that Torchyard itself puts into an image.</summary>
public sealed record EnvironmentEntry
{
    /// <summary>Absolute path inside the image.</summary>
    public required string Path { get; init; }

    /// <summary>Permission bits.</summary>
    public required UnixFileMode Mode { get; init; }

    /// <summary>Owner.</summary>
    public required int Uid { get; init; }

    /// <summary>Group.</summary>
    public required int Gid { get; init; }

    /// <summary>The bytes; null for a directory or link.</summary>
    public required ReadOnlyMemory<byte>? Content { get; init; }

    /// <summary>What a symbolic link names; null for what is none.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>True for a directory.</summary>
    public bool IsDirectory => Content is null && LinkTarget is null;
}
