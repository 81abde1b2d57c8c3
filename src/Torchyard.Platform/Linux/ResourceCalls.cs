using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Limits of this process, and what it has used.</summary>
internal static unsafe partial class ResourceCalls
{
    /// <summary>CLOCK_THREAD_CPUTIME_ID.</summary>
    public const int ThreadClock = 3;

    /// <summary>RUSAGE_SELF.</summary>
    public const int OwnUsage = 0;

    /// <summary>RUSAGE_CHILDREN: those that have ended and were waited for, with theirs.</summary>
    public const int ChildrenUsage = -1;

    /// <summary>getrlimit(2): soft and hard value of a limit; null for a resource that the kernel does not know.</summary>
    /// <param name="resource">One of RLIMIT_; the unit is that of getrlimit(2).</param>
    public static (ulong Soft, ulong Hard)? Limit(int resource)
    {
        var limit = stackalloc ulong[2];
        return GetLimit(resource, limit) == 0 ? (limit[0], limit[1]) : null;
    }

    /// <summary>setrlimit(2): a limit of this process and those it starts.</summary>
    public static int SetLimit(int resource, ulong soft, ulong hard)
    {
        var limit = stackalloc ulong[2] { soft, hard };
        return SetLimit(resource, limit);
    }

    /// <summary>clock_gettime(2); null on failure.</summary>
    public static TimeSpan? Clock(int clock) =>
        GetTime(clock, out var time) == 0
            ? TimeSpan.FromTicks(time.Seconds * TimeSpan.TicksPerSecond + time.Nanoseconds / TimeSpan.NanosecondsPerTick)
            : null;

    /// <summary>getrusage(2): CPU time, user and system together; null on failure.</summary>
    public static TimeSpan? ProcessorTime(int who) =>
        GetUsage(who, out var usage) == 0
            ? TimeSpan.FromSeconds(usage.UserSeconds + usage.SystemSeconds)
                + TimeSpan.FromMicroseconds(usage.UserMicroseconds + usage.SystemMicroseconds)
            : null;

    // 64-bit on every architecture.
    [LibraryImport("libc", EntryPoint = "getrlimit64", SetLastError = true)]
    private static partial int GetLimit(int resource, ulong* limit);

    [LibraryImport("libc", EntryPoint = "setrlimit64", SetLastError = true)]
    private static partial int SetLimit(int resource, ulong* limit);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int GetTime(int clock, out Time time);

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static partial int GetUsage(int who, out Usage usage);

    /// <summary>struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct rusage of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Usage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
        private fixed long _rest[14];
    }
}
