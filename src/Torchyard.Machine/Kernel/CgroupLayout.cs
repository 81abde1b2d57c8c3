namespace Torchyard.Machine.Kernel;

/// <summary>How the machine mounts its cgroups (cgroups(7)).</summary>
public enum CgroupMode
{
    /// <summary>No cgroup file system.</summary>
    None,

    /// <summary>cgroup2 alone.</summary>
    Unified,

    /// <summary>Version 1 hierarchies.</summary>
    Legacy,

    /// <summary>Version 1 hierarchies, with cgroup2 at <c>unified</c> beside them.</summary>
    Hybrid,
}

/// <summary>What /proc/self/mountinfo says about cgroups.</summary>
/// <param name="Mode">The layout.</param>
/// <param name="Hierarchies">Version 1: controller to mount point.</param>
/// <param name="UnifiedMount">Mount point of cgroup2, or null.</param>
/// <param name="Writable">False when the file systems are mounted read-only, as inside another container.</param>
public sealed record CgroupLayout(CgroupMode Mode, IReadOnlyDictionary<string, string> Hierarchies, string? UnifiedMount, bool Writable)
{
    /// <summary>Reads the layout of this machine.</summary>
    public static CgroupLayout Detect() => Parse(File.ReadLines("/proc/self/mountinfo"));

    /// <summary>Reads lines of mountinfo (proc_pid_mountinfo(5)).</summary>
    public static CgroupLayout Parse(IEnumerable<string> mountinfo)
    {
        ArgumentNullException.ThrowIfNull(mountinfo);
        var hierarchies = new Dictionary<string, string>(StringComparer.Ordinal);
        string? unified = null;
        var writable = false;
        foreach (var line in mountinfo)
        {
            var separator = line.IndexOf(" - ", StringComparison.Ordinal);
            if (separator < 0)
            {
                continue;
            }

            var fields = line[..separator].Split(' ');
            var tail = line[(separator + 3)..].Split(' ');
            if (fields.Length < 6 || tail.Length < 3 || !fields[4].StartsWith("/sys/fs/cgroup", StringComparison.Ordinal))
            {
                continue;
            }

            var isWritable = fields[5].Split(',').Contains("rw");
            if (tail[0] == "cgroup2")
            {
                unified = fields[4];
                writable |= isWritable;
            }
            else if (tail[0] == "cgroup")
            {
                writable |= isWritable;
                foreach (var option in tail[2].Split(','))
                {
                    if (option is not ("rw" or "ro" or "relatime" or "xattr"))
                    {
                        hierarchies[option] = fields[4];
                    }
                }
            }
        }

        var mode = (hierarchies.Count > 0, unified is not null) switch
        {
            (true, true) => CgroupMode.Hybrid,
            (true, false) => CgroupMode.Legacy,
            (false, true) => CgroupMode.Unified,
            _ => CgroupMode.None,
        };
        return new CgroupLayout(mode, hierarchies, unified, writable);
    }
}
