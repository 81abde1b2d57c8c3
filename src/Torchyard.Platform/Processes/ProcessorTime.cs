using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Processes;

/// <summary>CPU time, user and system together, as the kernel counts it.</summary>
public static class ProcessorTime
{
    /// <summary>Of the calling thread.</summary>
    public static TimeSpan OfThread() => ResourceCalls.Clock(ResourceCalls.ThreadClock) ?? TimeSpan.Zero;

    /// <summary>Of this process.</summary>
    public static TimeSpan OfProcess() => ResourceCalls.ProcessorTime(ResourceCalls.OwnUsage) ?? TimeSpan.Zero;

    /// <summary>Of all processes that this one started and that have ended, with theirs.</summary>
    public static TimeSpan OfChildren() => ResourceCalls.ProcessorTime(ResourceCalls.ChildrenUsage) ?? TimeSpan.Zero;
}
