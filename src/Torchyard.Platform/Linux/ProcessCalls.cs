using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>This process and others.</summary>
internal static unsafe partial class ProcessCalls
{
    private const int ChildSubreaper = 36; // PR_SET_CHILD_SUBREAPER

    /// <summary>execve(2): returns only on failure.</summary>
    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Execute(string path, byte** arguments, byte** environment);

    /// <summary>chdir(2).</summary>
    [LibraryImport("libc", EntryPoint = "chdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeDirectory(string path);

    /// <summary>signal(2) with SIG_DFL.</summary>
    public static void ResetSignal(int number) => _ = Signal(number, 0);

    /// <summary>kill(2).</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int processId, int signal);

    /// <summary>waitpid(2).</summary>
    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int Wait(int processId, out int status, int options);

    /// <summary>setsid(2).</summary>
    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int NewSession();

    /// <summary>unshare(2).</summary>
    /// <param name="flags">The namespaces that become its own, such as <see cref="MountFlags.NewMountNamespace"/>.</param>
    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    /// <summary>prctl(2) with PR_SET_CHILD_SUBREAPER: whether orphans below this process become its children.</summary>
    public static int SetChildSubreaper(bool on) => Control(ChildSubreaper, on ? 1UL : 0, 0, 0, 0);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint Signal(int number, nint handler);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, ulong argument, ulong unused3, ulong unused4, ulong unused5);
}
