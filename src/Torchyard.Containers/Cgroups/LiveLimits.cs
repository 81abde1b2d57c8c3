using System.Globalization;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Cgroups;

/// <summary>
/// Changes limits of a container that runs. They are set twice, in Torchyard's cgroup and in the runtime's below it, which programs inside
/// read; each change is made in both or in neither.
/// </summary>
/// <param name="directories">cgroup controller to directory, as the container's record has them.</param>
internal sealed class LiveLimits(IReadOnlyDictionary<string, string> directories)
{
    private const long CpuPeriod = 100_000;

    // What version 1 reads for no limit: the largest count of pages, whatever size a page has.
    private const long NoLimit = 1L << 62;

    /// <summary>Sets the memory limit.</summary>
    /// <returns>Why not; null when it is in force.</returns>
    public string? SetMemory(long bytes) =>
        Levels("memory") is not { } levels ? Missing("memory")
        : File.Exists(Path.Combine(levels[0], "memory.max")) ? SetMemoryVersion2(levels, bytes)
        : SetMemoryVersion1(levels, bytes);

    /// <summary>Sets the CPUs.</summary>
    /// <returns>Why not; null when they are in force.</returns>
    public string? SetCpus(double cpus)
    {
        if (Levels("cpu") is not { } levels)
        {
            return Missing("cpu");
        }

        var quota = (long)(cpus * CpuPeriod);
        if (File.Exists(Path.Combine(levels[0], "cpu.max")))
        {
            return Write(levels, "cpu.max", string.Create(CultureInfo.InvariantCulture, $"{quota} {CpuPeriod}"));
        }

        // Version 1 never lets an inner cgroup have more than an outer one (tg_cfs_schedulable_down in kernel/sched/core.c).
        const string Quota = "cpu.cfs_quota_us";
        return Write(quota < Number(Path.Combine(levels[0], Quota)) ? [.. Enumerable.Reverse(levels)] : levels, Quota, Text(quota));
    }

    /// <summary>Sets the most processes and threads.</summary>
    /// <returns>Why not; null when it is in force.</returns>
    public string? SetProcesses(long most) =>
        Levels("pids") is not { } levels ? Missing("pids")
        : Number(Path.Combine(levels[0], "pids.current")) is { } now && now > most
            ? string.Create(CultureInfo.InvariantCulture, $"it has {now} processes and threads now")
        : Write(levels, "pids.max", Text(most));

    private static string? SetMemoryVersion1(List<string> levels, long bytes)
    {
        const string Limit = "memory.limit_in_bytes";
        // Memory and swap together, where the kernel counts swap: never less than the memory alone.
        const string Both = "memory.memsw.limit_in_bytes";
        var lower = bytes < Number(Path.Combine(levels[0], Limit));
        using var change = new Change();
        foreach (var level in lower ? Enumerable.Reverse(levels) : levels)
        {
            foreach (var file in lower ? (string[])[Limit, Both] : [Both, Limit])
            {
                var path = Path.Combine(level, file);
                if (Number(path) is > 0 and < NoLimit && change.Write(path, Text(bytes)) is { } reason)
                {
                    // The kernel has tried to free as much, and refuses where it cannot.
                    return lower && InUse(level, "memory.usage_in_bytes", bytes) is { } use ? use : reason;
                }
            }
        }

        change.Keep();
        return null;
    }

    private static string? SetMemoryVersion2(List<string> levels, long bytes)
    {
        const string Limit = "memory.max";
        var outer = levels[0];
        if (Number(Path.Combine(outer, Limit)) is { } now && bytes >= now)
        {
            return Write(levels, Limit, Text(bytes));
        }

        // Version 2 kills what does not fit below a new limit. A write to memory.high frees what can be freed, and kills nothing.
        using var pressure = new Change();
        if (
            InUse(outer, "memory.current", bytes) is not null
            && pressure.Write(Path.Combine(outer, "memory.high"), Text(bytes)) is { } reason
        )
        {
            return reason;
        }

        return InUse(outer, "memory.current", bytes) ?? Write(levels, Limit, Text(bytes));
    }

    private static string? InUse(string level, string file, long bytes) =>
        Number(Path.Combine(level, file)) is { } used && used > bytes ? $"{ByteSize.Binary(used)} are in use" : null;

    private static string? Write(List<string> levels, string file, string value)
    {
        using var change = new Change();
        foreach (var level in levels)
        {
            if (change.Write(Path.Combine(level, file), value) is { } reason)
            {
                return reason;
            }
        }

        change.Keep();
        return null;
    }

    /// <summary>The container's cgroup of a controller and those of the runtime in it, outermost first.</summary>
    private List<string>? Levels(string controller) =>
        directories.TryGetValue(controller, out var outer) && Directory.Exists(outer)
            ? [outer, .. Directory.EnumerateDirectories(outer, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
            : null;

    private static string Missing(string controller) => $"the {controller} cgroup controller is not available to this user";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number that a file begins with; null for none, such as "max".</summary>
    private static long? Number(string path)
    {
        try
        {
            return long.TryParse(File.ReadAllText(path).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Several files that are written together: what was written before one is refused is taken back.</summary>
    private sealed class Change : IDisposable
    {
        private readonly Stack<(string Path, string Before)> _written = new();

        /// <returns>Why it was refused, or null. A file that is not there, such as that of a controller that an inner cgroup lacks, is
        /// passed over.</returns>
        public string? Write(string path, string value)
        {
            if (!File.Exists(path))
            {
                return null;
            }

            var before = File.ReadAllText(path).Trim();
            if (CgroupFile.Write(path, value) is { } reason)
            {
                return reason;
            }

            _written.Push((path, before));
            return null;
        }

        public void Keep() => _written.Clear();

        public void Dispose()
        {
            while (_written.TryPop(out var file))
            {
                _ = CgroupFile.Write(file.Path, file.Before);
            }
        }
    }
}
