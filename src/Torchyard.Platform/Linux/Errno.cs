using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>
/// Error numbers (errno(3)); the values are the same on every architecture that Torchyard runs on. All calls in this folder answer as libc
/// does: -1, or false, null or an invalid handle where the result is a value, and then <see cref="Last"/> is the reason.
/// </summary>
internal static class Errno
{
    /// <summary>EPERM.</summary>
    public const int NotPermitted = 1;

    /// <summary>ENOENT.</summary>
    public const int NoEntry = 2;

    /// <summary>EINTR.</summary>
    public const int Interrupted = 4;

    /// <summary>EIO.</summary>
    public const int IoError = 5;

    /// <summary>EAGAIN, which is EWOULDBLOCK too.</summary>
    public const int TryAgain = 11;

    /// <summary>EACCES.</summary>
    public const int AccessDenied = 13;

    /// <summary>EBUSY.</summary>
    public const int Busy = 16;

    /// <summary>EEXIST.</summary>
    public const int Exists = 17;

    /// <summary>EXDEV.</summary>
    public const int CrossDevice = 18;

    /// <summary>ENOTDIR.</summary>
    public const int NotDirectory = 20;

    /// <summary>EISDIR.</summary>
    public const int IsDirectory = 21;

    /// <summary>EPIPE.</summary>
    public const int BrokenPipe = 32;

    /// <summary>ENAMETOOLONG.</summary>
    public const int NameTooLong = 36;

    /// <summary>ENOSYS: this kernel does not have the system call.</summary>
    public const int NotImplemented = 38;

    /// <summary>ENOTEMPTY.</summary>
    public const int NotEmpty = 39;

    /// <summary>ELOOP.</summary>
    public const int TooManyLinks = 40;

    /// <summary>EOVERFLOW: also that a mount with other ids has none for who makes a file there.</summary>
    public const int Overflow = 75;

    /// <summary>The error number of the last call of this thread that failed.</summary>
    public static int Last => Marshal.GetLastPInvokeError();

    /// <summary>The text that strerror(3) gives.</summary>
    public static string Text(int number) => Marshal.GetPInvokeErrorMessage(number);
}
