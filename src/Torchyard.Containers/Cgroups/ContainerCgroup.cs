using System.Globalization;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Cgroups;

/// <summary>
/// The cgroup that holds a container's limits. The runtime makes its own below it (root) or the container joins it (rootless), so the
/// limits, the peak and the count of out-of-memory kills are still there when the runtime has cleaned up after the container.
/// </summary>
internal sealed class ContainerCgroup
{
    /// <summary>Directory of root's cgroups below the root of each hierarchy.</summary>
    public const string Parent = "torchyard";

    private readonly List<string> _directories;

    private ContainerCgroup(CgroupLayout layout, string? path, IReadOnlyDictionary<string, string> directories)
    {
        Layout = layout;
        Path = path;
        Directories = directories;
        _directories = [.. directories.Values.Distinct()];
    }

    /// <summary>How the machine mounts cgroups.</summary>
    public CgroupLayout Layout { get; }

    /// <summary>Path below the hierarchies' roots, for the runtime's <c>cgroupsPath</c>; null when the container joins by hand.</summary>
    public string? Path { get; }

    /// <summary>Controller to directory, of those that could be made.</summary>
    public IReadOnlyDictionary<string, string> Directories { get; }

    /// <summary>Files to write a process into, so that it is in the cgroup.</summary>
    public IReadOnlyList<string> ProcsFiles => [.. _directories.Select(d => System.IO.Path.Combine(d, "cgroup.procs"))];

    /// <summary>Takes up a cgroup that an earlier process made.</summary>
    public static ContainerCgroup Existing(IReadOnlyDictionary<string, string> directories) =>
        new(CgroupLayout.Detect(), null, directories);

    /// <summary>Makes the cgroup, as far as the machine lets this user; what is missing shows when a limit is set.</summary>
    /// <param name="layout">How cgroups are mounted.</param>
    /// <param name="id">Container id.</param>
    /// <param name="isRoot">True for the machine's root.</param>
    /// <param name="own">Lines of /proc/self/cgroup.</param>
    public static ContainerCgroup Create(CgroupLayout layout, string id, bool isRoot, IReadOnlyList<string> own)
    {
        string[] controllers = ["memory", "cpu", "pids", "cpuset"];
        var directories = new Dictionary<string, string>(StringComparer.Ordinal);
        if (layout.Mode == CgroupMode.Unified)
        {
            var parent = isRoot ? System.IO.Path.Combine(layout.UnifiedMount!, Parent) : Delegated(layout.UnifiedMount!, "", own);
            if (parent is not null && TryMake(parent) && TryMake(System.IO.Path.Combine(parent, id)))
            {
                if (isRoot)
                {
                    if (!Enable(layout.UnifiedMount!, controllers) && Vacate(layout.UnifiedMount!))
                    {
                        Enable(layout.UnifiedMount!, controllers);
                    }
                }

                Enable(parent, controllers);
                var directory = System.IO.Path.Combine(parent, id);
                var available = ReadWords(System.IO.Path.Combine(directory, "cgroup.controllers"));
                foreach (var controller in controllers.Where(available.Contains))
                {
                    directories[controller] = directory;
                }
            }
        }
        else
        {
            foreach (var controller in controllers.Where(layout.Hierarchies.ContainsKey))
            {
                var mount = layout.Hierarchies[controller];
                var parent = isRoot ? System.IO.Path.Combine(mount, Parent) : Delegated(mount, controller, own);
                if (parent is null || !TryMake(parent))
                {
                    continue;
                }

                var directory = System.IO.Path.Combine(parent, id);
                if (controller == "cpuset" && !InheritCpuset(parent))
                {
                    continue;
                }

                if (TryMake(directory) && (controller != "cpuset" || InheritCpuset(directory)))
                {
                    directories[controller] = directory;
                }
            }
        }

        return new ContainerCgroup(layout, isRoot && directories.Count > 0 ? $"/torchyard/{id}/payload" : null, directories);
    }

    /// <summary>Sets limits; gives those that the machine does not enforce, with the reason.</summary>
    public IReadOnlyList<(CgroupLimit Limit, string Reason)> Apply(IEnumerable<CgroupLimit> limits)
    {
        var missing = new List<(CgroupLimit, string)>();
        foreach (var limit in limits)
        {
            if (!Directories.TryGetValue(limit.Controller, out var directory))
            {
                missing.Add((limit, $"the {limit.Controller} cgroup controller is not available to this user"));
                continue;
            }

            foreach (var (file, value) in limit.Writes)
            {
                var optional = file[0] == '?';
                var path = System.IO.Path.Combine(directory, file.TrimStart('?'));
                if (optional && !File.Exists(path))
                {
                    continue;
                }

                if (CgroupFile.Write(path, value) is { } reason)
                {
                    missing.Add((limit, reason));
                    break;
                }
            }
        }

        return missing;
    }

    /// <summary>Peak memory in bytes, or null when the kernel does not tell (memory.peak is from Linux 5.19).</summary>
    public long? PeakMemory() => ReadNumber("memory", "memory.peak") ?? ReadNumber("memory", "memory.max_usage_in_bytes");

    /// <summary>Memory in use now, in bytes.</summary>
    public long? CurrentMemory() => ReadNumber("memory", "memory.current") ?? ReadNumber("memory", "memory.usage_in_bytes");

    /// <summary>CPU time used, in microseconds.</summary>
    public long? CpuTime()
    {
        if (Layout.Mode == CgroupMode.Unified && Directories.TryGetValue("cpu", out var directory))
        {
            return ReadKeyed(System.IO.Path.Combine(directory, "cpu.stat"), "usage_usec");
        }

        // Version 1 counts in a controller of its own, in nanoseconds; the runtime makes the same path there.
        return
            Directories.TryGetValue("cpu", out var cpu)
            && Layout.Hierarchies.TryGetValue("cpu", out var mount)
            && Layout.Hierarchies.TryGetValue("cpuacct", out var accounting)
            ? ReadFile(System.IO.Path.Combine(accounting, System.IO.Path.GetRelativePath(mount, cpu), "cpuacct.usage")) / 1000
            : null;
    }

    /// <summary>Processes and threads now.</summary>
    public long? CurrentProcesses() => ReadNumber("pids", "pids.current");

    /// <summary>How many processes in here, and in the cgroups below, the kernel has killed because the memory limit was reached.</summary>
    public long MemoryKills()
    {
        if (!Directories.TryGetValue("memory", out var directory) || !Directory.Exists(directory))
        {
            return 0;
        }

        return Layout.Mode == CgroupMode.Unified
            ? ReadKeyed(System.IO.Path.Combine(directory, "memory.events"), "oom_kill") ?? 0
            // Version 1 counts in the victim's own cgroup alone (oom_kill since Linux 4.13).
            : Directory
                .EnumerateDirectories(directory, "*", SearchOption.AllDirectories)
                .Append(directory)
                .Sum(inside => ReadKeyed(System.IO.Path.Combine(inside, "memory.oom_control"), "oom_kill") ?? 0);
    }

    /// <summary>How often a process or thread was refused because of the limit on them.</summary>
    public long ProcessRefusals() =>
        Directories.TryGetValue("pids", out var directory) && Directory.Exists(directory)
            ? Directory
                .EnumerateDirectories(directory, "*", SearchOption.AllDirectories)
                .Append(directory)
                .Sum(inside => ReadKeyed(System.IO.Path.Combine(inside, "pids.events"), "max") ?? 0)
            : 0;

    /// <summary>True when the memory limit was reached, or as good as.</summary>
    public bool ReachedMemoryLimit()
    {
        if (!Directories.ContainsKey("memory"))
        {
            return false;
        }

        // The kernel charges in batches, so the peak may end a little below.
        var name = Layout.Mode == CgroupMode.Unified ? "memory.max" : "memory.limit_in_bytes";
        return PeakMemory() is { } peak && ReadNumber("memory", name) is { } limit && peak >= limit - limit / 50;
    }

    /// <summary>Every process in the cgroup and below it.</summary>
    public IReadOnlySet<int> Processes()
    {
        var found = new HashSet<int>();
        foreach (var directory in _directories.Where(Directory.Exists))
        {
            foreach (var file in Directory.EnumerateFiles(directory, "cgroup.procs", SearchOption.AllDirectories))
            {
                foreach (var line in File.ReadLines(file))
                {
                    found.Add(int.Parse(line, CultureInfo.InvariantCulture));
                }
            }
        }

        return found;
    }

    /// <summary>Removes a container's cgroup from every hierarchy: a runtime makes one in each, not only where limits are set.</summary>
    /// <param name="layout">How cgroups are mounted.</param>
    /// <param name="id">Container id.</param>
    /// <param name="directories">Controller to directory, as recorded.</param>
    public static void RemoveAll(CgroupLayout layout, string id, IReadOnlyDictionary<string, string> directories) =>
        All(layout, id, directories).Remove();

    /// <summary>The processes of a container, from every hierarchy; see <see cref="RemoveAll"/>.</summary>
    public static IReadOnlySet<int> ProcessesOf(CgroupLayout layout, string id, IReadOnlyDictionary<string, string> directories)
    {
        try
        {
            return All(layout, id, directories).Processes();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return new HashSet<int>(); // It ended while it was looked at.
        }
    }

    // Those that an ordinary user may make have a name of their own beside root's.
    private static ContainerCgroup All(CgroupLayout layout, string id, IReadOnlyDictionary<string, string> directories)
    {
        string[] parents = [Parent, string.Create(CultureInfo.InvariantCulture, $"torchyard.{UserCalls.EffectiveUser()}")];
        var all = layout
            .Hierarchies.Values.Append(layout.UnifiedMount)
            .OfType<string>()
            .SelectMany(mount => parents.Select(parent => System.IO.Path.Combine(mount, parent, id)))
            .Concat(directories.Values.Where(directory => System.IO.Path.GetFileName(directory) == id))
            .Distinct()
            .Where(Directory.Exists)
            .ToDictionary(d => d, d => d, StringComparer.Ordinal);
        return new ContainerCgroup(layout, null, all);
    }

    /// <summary>Removes the cgroup and those below it. A directory with a dying process stays busy for some milliseconds.</summary>
    public void Remove()
    {
        foreach (var directory in _directories)
        {
            for (var attempt = 0; attempt < 50 && Directory.Exists(directory); attempt++)
            {
                try
                {
                    foreach (var child in Directory.EnumerateDirectories(directory, "*", SearchOption.AllDirectories).OrderDescending())
                    {
                        RemoveDirectory(child);
                    }

                    RemoveDirectory(directory);
                    break;
                }
                catch (IOException)
                {
                    Thread.Sleep(10);
                }
                catch (UnauthorizedAccessException)
                {
                    break;
                }
            }
        }
    }

    private static void RemoveDirectory(string directory)
    {
        // rmdir(2) alone: a cgroup directory is full of files that cannot be removed and go with it.
        if (NameCalls.RemoveDirectory(directory) != 0 && Errno.Last == Errno.Busy)
        {
            throw new IOException("busy");
        }
    }

    /// <summary>
    /// The directory in which an ordinary user may make cgroups: <c>torchyard.UID</c>, if the administrator made one,
    /// else the one that the caller is in.
    /// </summary>
    private static string? Delegated(string mount, string controller, IReadOnlyList<string> own)
    {
        var named = System.IO.Path.Combine(mount, string.Create(CultureInfo.InvariantCulture, $"torchyard.{UserCalls.EffectiveUser()}"));
        if (Directory.Exists(named))
        {
            return named;
        }

        foreach (var line in own)
        {
            var fields = line.Split(':', 3);
            if (fields.Length == 3 && fields[1].Split(',').Contains(controller))
            {
                var path = System.IO.Path.Combine(mount, fields[2].TrimStart('/'));
                return StatusCalls.MayWrite(path) ? path : null;
            }
        }

        return null;
    }

    private static bool TryMake(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <returns>False when a controller that the directory has could not be turned on for those below it.</returns>
    private static bool Enable(string directory, IEnumerable<string> controllers)
    {
        var file = System.IO.Path.Combine(directory, "cgroup.subtree_control");
        var enabled = ReadWords(file);
        var available = ReadWords(System.IO.Path.Combine(directory, "cgroup.controllers"));
        var all = true;
        foreach (var controller in controllers.Where(c => !enabled.Contains(c)))
        {
            // One at a time: the kernel refuses the whole write when it lacks one of them.
            all &= CgroupFile.Write(file, "+" + controller) is null || !available.Contains(controller);
        }

        return all;
    }

    /// <summary>
    /// Inside a container of another engine (a Kubernetes pod, say) the root of the hierarchy is that container's own cgroup, with its
    /// processes in it, and a cgroup with processes hands no controllers down (cgroups(7), "no internal processes"). They move into a
    /// cgroup of their own, where the same limits hold. The machine's true root has no cgroup.type, and is never touched.
    /// </summary>
    private static bool Vacate(string root)
    {
        var processes = System.IO.Path.Combine(root, "cgroup.procs");
        var own = System.IO.Path.Combine(root, "torchyard.init");
        if (!File.Exists(System.IO.Path.Combine(root, "cgroup.type")) || !TryMake(own))
        {
            return false;
        }

        // A process may fork while the others are moved.
        for (var round = 0; round < 5; round++)
        {
            var left = ReadWords(processes);
            if (left.Count == 0)
            {
                return true;
            }

            foreach (var process in left)
            {
                CgroupFile.Write(System.IO.Path.Combine(own, "cgroup.procs"), process);
            }
        }

        return ReadWords(processes).Count == 0;
    }

    /// <summary>A version 1 cpuset takes no process until it has CPUs and memory nodes; new ones start empty.</summary>
    private static bool InheritCpuset(string directory)
    {
        foreach (var file in new[] { "cpuset.cpus", "cpuset.mems" })
        {
            var path = System.IO.Path.Combine(directory, file);
            if (!File.Exists(path))
            {
                return false;
            }

            if (File.ReadAllText(path).Trim().Length == 0)
            {
                var parent = File.ReadAllText(System.IO.Path.Combine(directory, "..", file)).Trim();
                if (CgroupFile.Write(path, parent) is not null)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static HashSet<string> ReadWords(string path)
    {
        try
        {
            return [.. File.ReadAllText(path).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private long? ReadNumber(string controller, string file) =>
        Directories.TryGetValue(controller, out var directory) ? ReadFile(System.IO.Path.Combine(directory, file)) : null;

    private static long? ReadFile(string path)
    {
        try
        {
            return long.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? ReadKeyed(string path, string key)
    {
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                if (line.StartsWith(key + " ", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(key.Length + 1), CultureInfo.InvariantCulture);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Gone with its cgroup.
        }

        return null;
    }
}
