using System.Runtime.InteropServices;

namespace Torchyard.Platform.Processes;

/// <summary>CPU time, user and system together, as the kernel counts it.</summary>
public static unsafe partial class ProcessorTime
{
    private const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID
    private const int OwnUsage = 0; // RUSAGE_SELF
    private const int ChildrenUsage = -1; // RUSAGE_CHILDREN

    /// <summary>Of the calling thread.</summary>
    public static TimeSpan OfThread() => ClockGetTime(ThreadClock, out var time) == 0 ? time.Value : TimeSpan.Zero;

    /// <summary>Of this process.</summary>
    public static TimeSpan OfProcess() => Of(OwnUsage);

    /// <summary>Of all processes that this one started and that have ended, with theirs.</summary>
    public static TimeSpan OfChildren() => Of(ChildrenUsage);

    private static TimeSpan Of(int who) => GetUsage(who, out var usage) == 0
        ? TimeSpan.FromSeconds(usage.UserSeconds + usage.SystemSeconds) + TimeSpan.FromMicroseconds(usage.UserMicroseconds + usage.SystemMicroseconds)
        : TimeSpan.Zero;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Time time);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, out Usage usage);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        private readonly long _seconds;
        private readonly long _nanoseconds;

        internal TimeSpan Value => TimeSpan.FromTicks(_seconds * TimeSpan.TicksPerSecond + _nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>struct rusage of getrusage(2).</summary>
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
