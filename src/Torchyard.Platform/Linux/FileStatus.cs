using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>struct statx of linux/stat.h, which is the same on every architecture.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FileStatus
{
    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint Links;
    public uint User;
    public uint Group;

    /// <summary>Type and permission bits.</summary>
    public ushort Mode;
    private readonly ushort _spare;
    public ulong Inode;

    /// <summary>Bytes.</summary>
    public ulong Size;

    /// <summary>Blocks of 512 bytes, whatever the file system's are.</summary>
    public ulong Blocks;
    public ulong AttributesMask;
    public FileTime Accessed;
    public FileTime Born;
    public FileTime Changed;
    public FileTime Modified;

    /// <summary>Which device a device node stands for.</summary>
    public uint DeviceMajor;
    public uint DeviceMinor;

    /// <summary>The device that the file itself is on.</summary>
    public uint FileSystemMajor;
    public uint FileSystemMinor;
    private fixed ulong _reserved[14];

    /// <summary>One of <see cref="FileKind"/>.</summary>
    public readonly uint Type => Mode & FileKind.Mask;

    public readonly bool IsLink => Type == FileKind.Link;

    public readonly bool IsRegularFile => Type == FileKind.Regular;

    public readonly bool IsDirectory => Type == FileKind.Directory;

    public readonly bool IsCharacterDevice => Type == FileKind.Character;

    public readonly bool IsBlockDevice => Type == FileKind.Block;
}

/// <summary>struct statx_timestamp: since 1970, in UTC.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileTime
{
    public long Seconds;
    public uint Nanoseconds;
    private readonly int _reserved;
}
