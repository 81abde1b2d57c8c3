using System.Runtime.InteropServices;
using System.Text;

namespace Torchyard.Platform.Linux;

/// <summary>
/// syscall(2), for calls that glibc has had wrappers for only since 2.34 (close_range) and 2.36 (mounts), or has none for (openat2). Their
/// numbers are the same on every architecture, as those of all calls since Linux 5.1.
/// </summary>
internal static unsafe partial class SystemCall
{
    public const nint OpenTree = 428;
    public const nint MoveMount = 429;
    public const nint CloseRange = 436;
    public const nint OpenAt2 = 437;
    public const nint MountSetAttributes = 442;

    /// <summary>A text as the kernel takes it: UTF-8, ended by NUL.</summary>
    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint Invoke(nint number, nint first, nint second, nint third, nint fourth, nint fifth);
}
