using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Linux;

/// <summary>What is at a path.</summary>
internal static unsafe partial class StatusCalls
{
    private const uint BasicStatus = 0x7FF; // STATX_BASIC_STATS
    private const int PathMax = 4096;
    private const int Writable = 2; // W_OK

    /// <summary>statx(2) of a path, its last part not followed; false and errno on failure.</summary>
    public static bool TryRead(int directory, string path, out FileStatus status) => TryRead(directory, path, At.NoFollow, out status);

    /// <summary>statx(2) of a path; false and errno on failure.</summary>
    public static bool TryRead(int directory, string path, int flags, out FileStatus status)
    {
        fixed (FileStatus* pointer = &status)
        {
            return Statx(directory, path, flags, BasicStatus, pointer) == 0;
        }
    }

    /// <summary>statx(2) of what is open; false and errno on failure.</summary>
    public static bool TryRead(SafeHandle opened, out FileStatus status)
    {
        using var lent = new LentDescriptor(opened);
        return TryRead(lent.Number, "", At.EmptyPath, out status);
    }

    /// <summary>What a path leads to, links followed; null when it cannot be looked at.</summary>
    public static FileStatus? Read(string path) => TryRead(At.CurrentDirectory, path, 0, out var status) ? status : null;

    /// <summary>What is at a name, links not followed; null when nothing is.</summary>
    public static FileStatus? Read(SafeFileHandle directory, string name)
    {
        using var lent = new LentDescriptor(directory);
        return Read(lent.Number, name);
    }

    /// <summary>What an open descriptor stands for; null and errno on failure.</summary>
    public static FileStatus? Read(SafeHandle opened) => TryRead(opened, out var status) ? status : null;

    /// <summary>access(2): true when this process may write to what a path leads to, by its real ids.</summary>
    public static bool MayWrite(string path) => Access(path, Writable) == 0;

    /// <summary>readlinkat(2) of an O_PATH descriptor of a link; null when it is longer than a path may be.</summary>
    public static string? ReadLink(SafeFileHandle link)
    {
        using var lent = new LentDescriptor(link);
        Span<byte> target = stackalloc byte[PathMax];
        fixed (byte* pointer = target)
        {
            var length = ReadLinkAt(lent.Number, "", pointer, (nuint)target.Length);
            return length >= 0 && length < target.Length ? Encoding.UTF8.GetString(target[..(int)length]) : null;
        }
    }

    /// <summary>realpath(3): the path with every link followed; null when it does not exist or may not be looked at.</summary>
    public static string? RealPath(string path)
    {
        var buffer = stackalloc byte[PathMax];
        return RealPath(path, buffer) is null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }

    /// <summary>statvfs(3): inodes of the file system of a path, all and those free for this user; null when it cannot be asked.</summary>
    public static (ulong All, ulong Available)? Inodes(string path) =>
        StatVfs(path, out var status) == 0 ? (status.Files, status.AvailableFiles) : null;

    private static FileStatus? Read(int directory, string name) => TryRead(directory, name, out var status) ? status : null;

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ReadLinkAt(int directory, string path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* RealPath(string path, byte* resolved);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatVfs(string path, out FileSystemStatus status);

    /// <summary>struct statvfs of 64-bit Linux (statvfs(3)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileSystemStatus
    {
        public ulong BlockSize;
        public ulong FragmentSize;
        public ulong Blocks;
        public ulong FreeBlocks;
        public ulong AvailableBlocks;
        public ulong Files;
        public ulong FreeFiles;
        public ulong AvailableFiles;
        public ulong Id;
        public ulong Flags;
        public ulong LongestName;
        public ulong Spare1;
        public ulong Spare2;
        public ulong Spare3;
    }
}
