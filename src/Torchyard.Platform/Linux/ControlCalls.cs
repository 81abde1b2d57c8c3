using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Linux;

/// <summary>What is asked and set of an open descriptor by number: fcntl(2), ioctl(2), flock(2).</summary>
internal static unsafe partial class ControlCalls
{
    private const int GetDescriptorFlags = 1; // F_GETFD
    private const int SetDescriptorFlags = 2; // F_SETFD
    private const int GetStatusFlags = 3; // F_GETFL
    private const int SetStatusFlags = 4; // F_SETFL
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>True when a descriptor is open.</summary>
    public static bool IsOpen(int descriptor) => FileControl(descriptor, GetDescriptorFlags, 0) >= 0;

    /// <summary>Closes a descriptor when a program starts.</summary>
    public static void CloseOnStart(int descriptor) => _ = FileControl(descriptor, SetDescriptorFlags, CloseOnExec);

    /// <summary>Makes read(2) and write(2) return instead of waiting. Only for descriptors that no other program has.</summary>
    public static void DoNotWait(int descriptor) =>
        _ = FileControl(descriptor, SetStatusFlags, FileControl(descriptor, GetStatusFlags, 0) | OpenFlags.NonBlocking);

    /// <summary>ioctl(2).</summary>
    /// <param name="descriptor">An open descriptor.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="argument">Where the structure of this request is.</param>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Device(int descriptor, nuint request, void* argument);

    /// <summary>flock(2): takes a lock without waiting; -1 and <see cref="Errno.TryAgain"/> while another process has it.</summary>
    public static int TryLock(SafeFileHandle file, bool exclusive)
    {
        const int Shared = 1;
        const int Exclusive = 2;
        const int NonBlocking = 4;
        using var lent = new LentDescriptor(file);
        return Lock(lent.Number, (exclusive ? Exclusive : Shared) | NonBlocking);
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(int descriptor, int command, int argument);
}
