using System.Runtime.InteropServices;

namespace Torchyard.Containers.Native;

/// <summary>Error numbers of Linux (errno(3)); the values are the same on every architecture that Torchyard runs on.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Invalid = 22;
    public const int NotImplemented = 38;

    /// <summary>The error number of the last system call of this thread.</summary>
    public static int Last => Marshal.GetLastPInvokeError();

    /// <summary>The text that strerror(3) gives.</summary>
    public static string Text(int number) => Marshal.GetPInvokeErrorMessage(number);
}
