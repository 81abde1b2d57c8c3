using System.Globalization;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;

namespace Torchyard.Containers.Launch;

/// <summary>Limits of setrlimit(2) for a container, held within what this process may set.</summary>
internal static class ResourceLimits
{
    private const string Unlimited = "unlimited";

    /// <summary>Names of /proc/PID/limits for the names of ulimit.</summary>
    private static readonly Dictionary<string, string> Rows = new(StringComparer.Ordinal)
    {
        ["cpu"] = "Max cpu time",
        ["fsize"] = "Max file size",
        ["data"] = "Max data size",
        ["stack"] = "Max stack size",
        ["core"] = "Max core file size",
        ["rss"] = "Max resident set",
        ["nproc"] = "Max processes",
        ["nofile"] = "Max open files",
        ["memlock"] = "Max locked memory",
        ["locks"] = "Max file locks",
        ["sigpending"] = "Max pending signals",
        ["msgqueue"] = "Max msgqueue size",
        ["nice"] = "Max nice priority",
        ["rtprio"] = "Max realtime priority",
        ["rttime"] = "Max realtime timeout",
    };

    /// <summary>RLIMIT_ numbers of Linux, the same on x86 and Arm (asm-generic/resource.h).</summary>
    private static readonly string[] Numbers =
    [
        "RLIMIT_CPU",
        "RLIMIT_FSIZE",
        "RLIMIT_DATA",
        "RLIMIT_STACK",
        "RLIMIT_CORE",
        "RLIMIT_RSS",
        "RLIMIT_NPROC",
        "RLIMIT_NOFILE",
        "RLIMIT_MEMLOCK",
        "RLIMIT_AS",
        "RLIMIT_LOCKS",
        "RLIMIT_SIGPENDING",
        "RLIMIT_MSGQUEUE",
        "RLIMIT_NICE",
        "RLIMIT_RTPRIO",
        "RLIMIT_RTTIME",
    ];

    /// <summary>What must be raised before the runtime enters a user namespace, in which no hard limit can be raised.</summary>
    public static IReadOnlyList<Namespaces.HardLimit> ToRaise(IReadOnlyList<ResourceLimit> limits) =>
        [
            .. limits
                .Where(limit => Numbers.Contains(limit.Type))
                .Select(limit => new Namespaces.HardLimit(Array.IndexOf(Numbers, limit.Type), limit.Hard)),
        ];

    /// <summary>Hard limits by ulimit name, from the text of /proc/self/limits (proc_pid_limits(5)).</summary>
    public static IReadOnlyDictionary<string, ulong> HardLimits(string procLimits)
    {
        var result = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var (name, row) in Rows)
        {
            foreach (var line in procLimits.Split('\n'))
            {
                if (
                    line.StartsWith(row + " ", StringComparison.Ordinal)
                    && line[row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var hard, ..]
                )
                {
                    result[name] = hard == Unlimited ? ulong.MaxValue : ulong.Parse(hard, CultureInfo.InvariantCulture);
                }
            }
        }

        return result;
    }

    /// <summary>
    /// The limits to set. Defaults: open files up to 1048576, as data loaders and NCCL want many; locked memory as much as may be,
    /// for RDMA and pinned buffers.
    /// </summary>
    /// <param name="asked">What the user named.</param>
    /// <param name="hard">Hard limits of this process.</param>
    /// <param name="mayRaise">True with CAP_SYS_RESOURCE in the machine's own user namespace.</param>
    /// <param name="refused">Gets each asked limit that is above what may be set; the value is clamped.</param>
    public static IReadOnlyList<ResourceLimit> Choose(
        IReadOnlyList<Ulimit> asked,
        IReadOnlyDictionary<string, ulong> hard,
        bool mayRaise,
        Action<Ulimit, ulong> refused
    )
    {
        var result = new SortedDictionary<string, ResourceLimit>(StringComparer.Ordinal);
        Set("nofile", 65536, 1048576);
        Set("memlock", ulong.MaxValue, ulong.MaxValue);
        foreach (var limit in asked)
        {
            var ceiling = mayRaise && limit.Name != "nofile" ? ulong.MaxValue : hard.GetValueOrDefault(limit.Name, ulong.MaxValue);
            if ((limit.Hard ?? ulong.MaxValue) > ceiling)
            {
                refused(limit, ceiling);
            }

            Set(limit.Name, limit.Soft ?? ulong.MaxValue, limit.Hard ?? ulong.MaxValue);
        }

        return [.. result.Values];

        void Set(string name, ulong soft, ulong high)
        {
            // Open files have a ceiling of their own (fs.nr_open), so a raise may fail even for root.
            var ceiling = mayRaise && name != "nofile" ? ulong.MaxValue : hard.GetValueOrDefault(name, ulong.MaxValue);
            result[name] = new ResourceLimit("RLIMIT_" + name.ToUpperInvariant(), Math.Min(soft, ceiling), Math.Min(high, ceiling));
        }
    }

    /// <summary>Soft limit of this process's stack; null for unlimited.</summary>
    public static ulong? StackOfThisProcess()
    {
        const string Row = "Max stack size ";
        var soft = File.ReadLines("/proc/self/limits")
            .First(line => line.StartsWith(Row, StringComparison.Ordinal))[Row.Length..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == Unlimited ? null : ulong.Parse(soft, CultureInfo.InvariantCulture);
    }

    /// <summary>True when a capability set of /proc/self/status has CAP_SYS_RESOURCE (bit 24).</summary>
    /// <param name="status">Lines of the file.</param>
    /// <param name="set"><c>CapEff</c> for what this process may do; <c>CapBnd</c> for what root beside it may do.</param>
    public static bool MayRaise(IEnumerable<string> status, string set = "CapEff")
    {
        const int SysResource = 24;
        foreach (var line in status)
        {
            if (line.StartsWith(set + ":", StringComparison.Ordinal))
            {
                var capabilities = ulong.Parse(line.AsSpan(set.Length + 1).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                return ((capabilities >> SysResource) & 1) != 0;
            }
        }

        return false;
    }
}
