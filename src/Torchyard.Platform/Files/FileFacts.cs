using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Files;

/// <summary>What statx(2) says about a file, a directory or a link.</summary>
public readonly record struct FileFacts
{
    /// <summary>Type and permission bits (inode(7)).</summary>
    public required uint Mode { get; init; }

    /// <summary>Owner.</summary>
    public required uint User { get; init; }

    /// <summary>Group.</summary>
    public required uint Group { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Time of the last change of the content, seconds since 1970.</summary>
    public required long ModifiedAt { get; init; }

    /// <summary>Major and minor number are both 0.</summary>
    public required bool IsZeroDevice { get; init; }

    /// <summary>A regular file.</summary>
    public bool IsRegular => Kind == FileKind.Regular;

    /// <summary>A directory.</summary>
    public bool IsDirectory => Kind == FileKind.Directory;

    /// <summary>A symbolic link.</summary>
    public bool IsLink => Kind == FileKind.Link;

    /// <summary>A socket.</summary>
    public bool IsSocket => Kind == FileKind.Socket;

    /// <summary>overlayfs's mark of something that was removed: a character device 0:0.</summary>
    public bool IsWhiteout => Kind == FileKind.Character && IsZeroDevice;

    /// <summary>It belongs to the user of this process, and nobody else may write to it.</summary>
    public bool IsOursAlone => User == UserCalls.EffectiveUser() && (Mode & (FileModes.GroupWrite | FileModes.OthersWrite)) == 0;

    /// <summary>It belongs to the user of this process or to root; nobody else decides what it says.</summary>
    public bool IsOfTrustedOwner => FileTrust.OfThisProcess.IsOwner(User);

    /// <summary>What there is at a path, itself where it is a link; null where nothing is, or it cannot be told.</summary>
    public static FileFacts? Find(string path) =>
        StatusCalls.TryRead(At.CurrentDirectory, path, At.NoFollow, out var status)
            ? new FileFacts
            {
                Mode = status.Mode,
                User = status.User,
                Group = status.Group,
                Size = (long)status.Size,
                ModifiedAt = status.Modified.Seconds,
                IsZeroDevice = status.DeviceMajor == 0 && status.DeviceMinor == 0,
            }
            : null;

    /// <summary>The permission bits.</summary>
    public uint Permissions => Mode & ~FileKind.Mask;

    /// <summary>What it is, in words.</summary>
    public string Description =>
        Kind switch
        {
            FileKind.Regular => "a regular file",
            FileKind.Directory => "a directory",
            FileKind.Link => "a symbolic link",
            FileKind.Fifo => "a FIFO",
            FileKind.Socket => "a socket",
            FileKind.Block => "a block device",
            _ => "a character device",
        };

    private uint Kind => Mode & FileKind.Mask;

    internal static FileFacts Of(SafeFileHandle descriptor, string shown) =>
        StatusCalls.TryRead(descriptor, out var status)
            ? new FileFacts
            {
                Mode = status.Mode,
                User = status.User,
                Group = status.Group,
                Size = (long)status.Size,
                ModifiedAt = status.Modified.Seconds,
                IsZeroDevice = status.DeviceMajor == 0 && status.DeviceMinor == 0,
            }
            : throw FileRefusal.Of(shown, shown, Errno.Last);
}
