namespace Torchyard.Platform.Linux;

/// <summary>The type bits of a file's mode (inode(7)).</summary>
internal static class FileKind
{
    /// <summary>S_IFMT: where in the mode the type is.</summary>
    public const uint Mask = 0xF000;

    /// <summary>S_IFIFO.</summary>
    public const uint Fifo = 0x1000;

    /// <summary>S_IFCHR.</summary>
    public const uint Character = 0x2000;

    /// <summary>S_IFDIR.</summary>
    public const uint Directory = 0x4000;

    /// <summary>S_IFBLK.</summary>
    public const uint Block = 0x6000;

    /// <summary>S_IFREG.</summary>
    public const uint Regular = 0x8000;

    /// <summary>S_IFLNK.</summary>
    public const uint Link = 0xA000;

    /// <summary>S_IFSOCK.</summary>
    public const uint Socket = 0xC000;
}
