using System.Runtime.InteropServices;

namespace Torchyard.Images.Files;

/// <summary>The system calls that .NET has no equivalent for: relative to a directory descriptor, with owners, links, nodes and attributes.</summary>
internal static unsafe partial class Posix
{
    internal const int NoEntry = 2;
    internal const int Exists = 17;
    internal const int NotDirectory = 20;
    internal const int IsDirectory = 21;
    internal const int NoSpace = 28;
    internal const int NoSystemCall = 38;
    internal const int TooManyLinks = 40;
    internal const int NoData = 61;
    internal const int NotSupported = 95;
    internal const int QuotaExceeded = 122;

    internal const int ReadOnly = 0;
    internal const int WriteOnly = 1;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int NoFollow = 0x20000;
    internal const int Directory = 0x10000;
    internal const int CloseOnExec = 0x80000;
    internal const int PathOnly = 0x200000;

    internal const int RemoveDirectory = 0x200;
    internal const int SymlinkNoFollow = 0x100;
    internal const int CurrentDirectory = -100;

    internal const uint TypeMask = 0xF000;
    internal const uint TypeFifo = 0x1000;
    internal const uint TypeCharacter = 0x2000;
    internal const uint TypeDirectory = 0x4000;
    internal const uint TypeBlock = 0x6000;
    internal const uint TypeFile = 0x8000;
    internal const uint TypeSymlink = 0xA000;
    internal const uint TypeSocket = 0xC000;

    internal const ulong ResolveNoMagicLinks = 0x02;
    internal const ulong ResolveInRoot = 0x10;
    private const long OpenAt2Number = 437;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OpenAt(int directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MkdirAt(int directory, string path, uint mode);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SymlinkAt(string target, int directory, string path);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int LinkAt(int fromDirectory, string from, int toDirectory, string to, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MknodAt(int directory, string path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int UnlinkAt(int directory, string path, int flags);

    /// <summary>umask(2): of the whole process; never fails.</summary>
    [LibraryImport("libc", EntryPoint = "umask")]
    internal static partial uint FileModeMask(uint mask);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChownAt(int directory, string path, uint user, uint group, int flags);

    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChmodAt(int directory, string path, uint mode, int flags);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    internal static partial int Chown(int descriptor, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int Chmod(int descriptor, uint mode);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UtimensAt(int directory, string? path, TimeSpecification* times, int flags);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    private static partial int Futimens(int descriptor, TimeSpecification* times);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetXattr(string path, string name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetXattr(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ListXattr(string path, byte* list, nuint size);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, StatxResult* result);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long OpenAt2(long number, int directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    internal static partial uint EffectiveGroup();

    /// <summary>openat2(2) of a directory, confined to the tree below <paramref name="root"/>; -1 and errno on failure.</summary>
    internal static int OpenDirectoryInRoot(int root, string path)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(path + "\0");
        var how = new OpenHow
        {
            Flags = PathOnly | Directory | CloseOnExec,
            Resolve = ResolveInRoot | ResolveNoMagicLinks,
        };
        fixed (byte* pointer = bytes)
        {
            return (int)OpenAt2(OpenAt2Number, root, pointer, &how, (nuint)sizeof(OpenHow));
        }
    }

    /// <summary>Sets the modification time (and the access time to the same), seconds since 1970; the path's last part is not followed.</summary>
    internal static int SetTime(int directory, string path, long seconds)
    {
        var times = stackalloc TimeSpecification[2] { new(seconds), new(seconds) };
        return UtimensAt(directory, path, times, SymlinkNoFollow);
    }

    internal static int SetTime(int descriptor, long seconds)
    {
        var times = stackalloc TimeSpecification[2] { new(seconds), new(seconds) };
        return Futimens(descriptor, times);
    }

    /// <summary>statx(2) without following the last link; false and errno on failure.</summary>
    internal static bool TryStat(int directory, string path, out StatxResult result)
    {
        const uint BasicStats = 0x7ff;
        fixed (StatxResult* pointer = &result)
        {
            return Statx(directory, path, SymlinkNoFollow, BasicStats, pointer) == 0;
        }
    }

    /// <summary>Names of the extended attributes of a path; none where the file system has none.</summary>
    internal static string[] ListXattrs(string path)
    {
        var size = ListXattr(path, null, 0);
        if (size <= 0)
        {
            return [];
        }

        var list = new byte[size];
        fixed (byte* pointer = list)
        {
            size = ListXattr(path, pointer, (nuint)list.Length);
        }

        return size <= 0 ? [] : System.Text.Encoding.UTF8.GetString(list, 0, (int)size).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Value of an extended attribute; null when there is none.</summary>
    internal static byte[]? GetXattr(string path, string name)
    {
        var size = GetXattr(path, name, null, 0);
        if (size < 0)
        {
            return null;
        }

        var value = new byte[size];
        fixed (byte* pointer = value)
        {
            size = GetXattr(path, name, pointer, (nuint)value.Length);
        }

        return size == value.Length ? value : null;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpecification(long seconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds;
    }

    /// <summary>struct statx of statx(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct StatxResult
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint Links;
        public uint User;
        public uint Group;
        public ushort Mode;
        private readonly ushort _spare;
        public ulong Inode;
        public ulong Size;
        public ulong Blocks;
        public ulong AttributesMask;
        public StatxTime Accessed;
        public StatxTime Born;
        public StatxTime Changed;
        public StatxTime Modified;
        public uint DeviceMajor;
        public uint DeviceMinor;
        public uint FileSystemMajor;
        public uint FileSystemMinor;
        private fixed ulong _reserved[14];

        public readonly uint Type => Mode & TypeMask;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        private readonly int _reserved;
    }
}
