using Torchyard.Machine.Kernel;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Cgroups;

/// <summary>
/// Has the kernel ready to move a process between cgroups. The first move after a quiet time waits for an RCU grace period, 6 to 15 ms,
/// because it turns the lock that every fork takes (<c>cgroup_threadgroup_rwsem</c>, kernel/cgroup/cgroup.c) from its fast form for
/// readers into the slow one; moves within the next grace period wait for nothing. A runtime would spend that time in the middle of a
/// start, with nothing else to do; here it passes beside the preparation.
/// </summary>
internal static class CgroupMoves
{
    private static int _expected;

    /// <summary>
    /// Begins the wait on another thread, once, by a move of this process into the cgroup that it is in. New cgroups cannot be made
    /// before it is over (<c>cgroup_mutex</c>), so the earlier it is called the better.
    /// </summary>
    public static void Expect()
    {
        if (UserCalls.EffectiveUser() == 0 && Interlocked.Exchange(ref _expected, 1) == 0)
        {
            _ = Task.Run(() =>
            {
                if (OwnProcsFile(CgroupLayout.Detect(), File.ReadLines("/proc/self/cgroup")) is { } file)
                {
                    Move(file);
                }
            });
        }
    }

    /// <summary>The <c>cgroup.procs</c> of the cgroup that this process is in, in the first hierarchy that has one; null without.</summary>
    /// <param name="layout">How cgroups are mounted.</param>
    /// <param name="own">Lines of /proc/self/cgroup.</param>
    internal static string? OwnProcsFile(CgroupLayout layout, IEnumerable<string> own) =>
        own.Select(line => line.Split(':', 3))
            .Where(fields => fields.Length == 3)
            .Select(fields =>
                fields[1].Length == 0
                    ? (Mount: layout.UnifiedMount, Path: fields[2])
                    : (Mount: layout.Hierarchies.GetValueOrDefault(fields[1].Split(',')[0]), Path: fields[2])
            )
            .Where(cgroup => cgroup.Mount is not null)
            .Select(cgroup => Path.Combine(cgroup.Mount!, cgroup.Path.TrimStart('/'), "cgroup.procs"))
            .FirstOrDefault(File.Exists);

    private static void Move(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            stream.Write("0"u8); // The writer itself.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The runtime waits itself.
        }
    }
}
