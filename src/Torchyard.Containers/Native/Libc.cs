using System.Runtime.InteropServices;

namespace Torchyard.Containers.Native;

/// <summary>The system calls that the base library does not offer. All set errno; see <see cref="Errno"/>.</summary>
internal static partial class Libc
{
    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUserId();

    [LibraryImport(Library, EntryPoint = "getegid")]
    public static partial uint GetEffectiveGroupId();

    [LibraryImport(Library, EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport(Library, EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string? source, string target, string? type, ulong flags, string? data);

    [LibraryImport(Library, EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    [LibraryImport(Library, EntryPoint = "chdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeDirectory(string path);

    public const int WriteAccess = 2;

    [LibraryImport(Library, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(string path, int mode);

    [LibraryImport(Library, EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveDirectory(string path);

    [LibraryImport(Library, EntryPoint = "setsid", SetLastError = true)]
    public static partial int NewSession();

    [LibraryImport(Library, EntryPoint = "waitpid", SetLastError = true)]
    public static partial int Wait(int processId, out int status, int options);

    /// <summary>prctl(2) with one argument.</summary>
    [LibraryImport(Library, EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, ulong argument, ulong unused3, ulong unused4, ulong unused5);

    /// <summary>PR_SET_CHILD_SUBREAPER: orphans below this process become its children.</summary>
    public const int SetChildSubreaper = 36;

    [LibraryImport(Library, EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int processId, int signal);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    // syscall(2): glibc has wrappers for the mount API only since 2.36. The numbers are the same on every architecture since Linux 5.
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenTreeCall(nint number, nint directory, string path, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint MoveMountCall(nint number, nint from, string fromPath, nint to, string toPath, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint MountSetAttributesCall(
        nint number, nint directory, string path, nint flags, MountAttributes* attributes, nint size);

    /// <summary>open_tree(2): a detached copy of a mount and those below it.</summary>
    public static int OpenTree(string path) => (int)OpenTreeCall(428, CurrentDirectory, path, 1 /* CLONE */ | 0x80000 /* CLOEXEC */ | 0x8000 /* RECURSIVE */);

    /// <summary>move_mount(2): attaches a detached mount.</summary>
    public static int MoveMount(int tree, string target) => (int)MoveMountCall(429, tree, "", CurrentDirectory, target, 4 /* F_EMPTY_PATH */);

    /// <summary>mount_setattr(2) with MOUNT_ATTR_IDMAP.</summary>
    public static unsafe int MapIds(int tree, Microsoft.Win32.SafeHandles.SafeFileHandle userNamespace)
    {
        var attributes = new MountAttributes { Set = 0x00100000, UserNamespace = (ulong)userNamespace.DangerousGetHandle() };
        return (int)MountSetAttributesCall(442, tree, "", 0x1000 /* AT_EMPTY_PATH */, &attributes, sizeof(MountAttributes));
    }

    private const int CurrentDirectory = -100;

    /// <summary>struct mount_attr of linux/mount.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int ExtendedStatus(int directory, string path, int flags, uint mask, byte* buffer);

    /// <summary>What a path leads to, links followed; null when it cannot be looked at.</summary>
    public static unsafe FileStatus? Status(string path)
    {
        const uint BasicStatus = 0x7FF;
        // struct statx of linux/stat.h, the same on every architecture.
        var buffer = stackalloc byte[256];
        return ExtendedStatus(CurrentDirectory, path, 0, BasicStatus, buffer) != 0
            ? null
            : new FileStatus(
                *(uint*)(buffer + 20), *(uint*)(buffer + 24), *(ushort*)(buffer + 28), *(uint*)(buffer + 128), *(uint*)(buffer + 132));
    }

    [LibraryImport(Library, EntryPoint = "signal", SetLastError = true)]
    private static partial nint Signal(int number, nint handler);

    /// <summary>Gives a signal its default action (signal(2), SIG_DFL).</summary>
    public static void ResetSignal(int number) => _ = Signal(number, 0);

    [LibraryImport(Library, EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Execute(string path, byte** arguments, byte** environment);

    /// <summary>Replaces this process (execve(2)); returns only when that failed, with the error number.</summary>
    public static unsafe int Execute(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        // Never freed: the process is replaced, or reports the failure and ends.
        var code = Execute(path, ToVector(arguments), ToVector(environment));
        return code == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private static unsafe byte** ToVector(IReadOnlyList<string> values)
    {
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++)
        {
            vector[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        }

        return vector;
    }
}

/// <summary>Part of what statx(2) tells.</summary>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Mode">Type and permission bits.</param>
/// <param name="DeviceMajor">Major number of a device node.</param>
/// <param name="DeviceMinor">Minor number of a device node.</param>
internal readonly record struct FileStatus(uint Uid, uint Gid, int Mode, uint DeviceMajor, uint DeviceMinor)
{
    private const int TypeMask = 0xF000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsCharacterDevice => (Mode & TypeMask) == 0x2000;

    public bool IsBlockDevice => (Mode & TypeMask) == 0x6000;
}
