namespace Torchyard.Images.Environments;

/// <summary>A file or directory that Torchyard itself puts into an image.</summary>
/// <param name="Path">Absolute path inside the image.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Content">The bytes; null for a directory.</param>
public sealed record EnvironmentEntry(string Path, UnixFileMode Mode, int Uid, int Gid, ReadOnlyMemory<byte>? Content)
{
    /// <summary>True for a directory.</summary>
    public bool IsDirectory => Content is null;
}
