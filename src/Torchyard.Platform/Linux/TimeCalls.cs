using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Sets the modification time of files, and the access time to the same; seconds since 1970.</summary>
internal static unsafe partial class TimeCalls
{
    /// <summary>utimensat(2); the path's last part is not followed.</summary>
    public static int Set(int directory, string path, long seconds)
    {
        var times = stackalloc TimeSpecification[2] { new(seconds), new(seconds) };
        return Set(directory, path, times, At.NoFollow);
    }

    /// <summary>futimens(3).</summary>
    public static int Set(int descriptor, long seconds)
    {
        var times = stackalloc TimeSpecification[2] { new(seconds), new(seconds) };
        return Set(descriptor, times);
    }

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(int directory, string path, TimeSpecification* times, int flags);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    private static partial int Set(int descriptor, TimeSpecification* times);

    /// <summary>struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpecification(long seconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds;
    }
}
