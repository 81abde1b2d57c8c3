using System.Runtime.InteropServices;

namespace Torchyard.Supervisor.Native;

/// <summary>
/// The C library, as far as PID 1 needs it; constants are those of Linux on x86-64. Console, Process, Socket and FileStream are not used:
/// they bring threads, a SIGCHLD handler of their own and two megabytes.
/// </summary>
internal static partial class Libc
{
    public const int ErrorPermission = 1,
        ErrorNoEntry = 2,
        ErrorInterrupted = 4,
        ErrorAgain = 11,
        ErrorAccess = 13,
        ErrorExists = 17,
        ErrorIsDirectory = 21,
        ErrorReadOnly = 30,
        ErrorAddressInUse = 98,
        ErrorInProgress = 115;

    public const int OpenReadOnly = 0,
        OpenWriteOnly = 1,
        OpenCreate = 0x40,
        OpenExclusive = 0x80,
        OpenTruncate = 0x200,
        OpenAppend = 0x400,
        OpenNonBlocking = 0x800,
        OpenDirectory = 0x10000,
        OpenNoFollow = 0x20000,
        OpenCloseOnExec = 0x80000;

    public const short PollIn = 1,
        PollOut = 4,
        PollError = 8,
        PollHangUp = 16;

    public const int WaitNoHang = 1;
    public const int SeekSet = 0,
        SeekEnd = 2;
    public const int AccessExecute = 1,
        AccessWrite = 2,
        AccessRead = 4;
    public const int FamilyUnix = 1,
        FamilyInet = 2,
        FamilyInet6 = 10;
    public const int SocketStream = 1,
        SocketNonBlocking = 0x800,
        SocketCloseOnExec = 0x80000;
    public const int LevelSocket = 1,
        OptionReuseAddress = 2,
        OptionError = 4;
    public const int SetChildSubreaper = 36;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial void Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static unsafe partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static unsafe partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int descriptor, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int FlushToDisk(int descriptor);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(int descriptor, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "umask")]
    public static partial uint SetUmask(uint mask);

    [LibraryImport("libc", EntryPoint = "getpid")]
    public static partial int ProcessId();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint UserId();

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    public static partial int ProcessGroup();

    [LibraryImport("libc", EntryPoint = "tcgetpgrp", SetLastError = true)]
    public static partial int ForegroundGroup(int terminal);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, nuint argument, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static unsafe partial int Wait(int process, int* status, int options);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static unsafe partial int Poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static unsafe partial int Pipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    public static unsafe partial nint Random(byte* buffer, nuint count, uint flags);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static unsafe partial int Bind(int socket, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    public static partial int Listen(int socket, int backlog);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    public static unsafe partial int Accept(int socket, byte* address, uint* length, int flags);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static unsafe partial int Connect(int socket, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    public static unsafe partial int SocketName(int socket, byte* address, uint* length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static unsafe partial int SocketOption(int socket, int level, int option, int* value, uint* length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static unsafe partial int SetSocketOption(int socket, int level, int option, int* value, uint length);
}
