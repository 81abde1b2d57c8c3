using System.Globalization;

namespace Torchyard.EndToEnd.Environment;

/// <summary>
/// What the kernel says of a process's CPU quota: cgroup v2 <c>cpu.max</c>, v1 <c>cpu.cfs_quota_us</c>, and <c>cpu.stat</c>.
/// </summary>
internal static class CpuQuota
{
    /// <summary>How often the nearest control group with this quota was throttled; 0 where there is none.</summary>
    public static int TimesThrottled(string process, double cpus)
    {
        foreach (var group in Groups(process))
        {
            if (Quota(group) is { } quota && Math.Abs(quota - cpus) < 0.001)
            {
                var line = File.ReadLines(Path.Combine(group, "cpu.stat"))
                    .First(line => line.StartsWith("nr_throttled ", StringComparison.Ordinal));
                return int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }

    /// <summary>The groups with their quotas, for a failure's message.</summary>
    public static string Describe(string process) =>
        string.Join('\n', Groups(process).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group}: {Quota(group)} CPUs")));

    // From the process's own group up to the root.
    private static IEnumerable<string> Groups(string process)
    {
        foreach (var line in File.ReadLines($"/proc/{process}/cgroup"))
        {
            var parts = line.Split(':', 3);
            var mount =
                parts[1].Split(',').Contains("cpu") ? "/sys/fs/cgroup/cpu"
                : parts[1].Length > 0 ? null
                : Directory.Exists("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified"
                : "/sys/fs/cgroup";
            for (var path = parts[2]; mount is not null && path is { Length: > 1 }; path = Path.GetDirectoryName(path))
            {
                yield return mount + path;
            }
        }
    }

    private static double? Quota(string group)
    {
        var unified = Path.Combine(group, "cpu.max");
        var quota = Path.Combine(group, "cpu.cfs_quota_us");
        var numbers =
            File.Exists(unified) ? File.ReadAllText(unified).Trim().Split(' ')
            : File.Exists(quota) ? [File.ReadAllText(quota).Trim(), File.ReadAllText(Path.Combine(group, "cpu.cfs_period_us")).Trim()]
            : ["max", "1"];
        return numbers[0] is "max" or "-1"
            ? null
            : double.Parse(numbers[0], CultureInfo.InvariantCulture) / double.Parse(numbers[1], CultureInfo.InvariantCulture);
    }
}
