using System.Globalization;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Tests.Cgroups;

/// <summary>Limits on directories that look like the kernel's, for the layouts that this machine does not have.</summary>
public sealed class ContainerCgroupTests : IDisposable
{
    private const string Id = "c0ffee";

    private static readonly ContainerLimits Asked = new()
    {
        Memory = 1 << 30,
        Cpus = 0.5,
        Processes = 64,
        CpusetCpus = "0-1",
    };

    private readonly TemporaryDirectory _mount = new();

    private static string Delegation => string.Create(CultureInfo.InvariantCulture, $"torchyard.{UserCalls.EffectiveUser()}");

    public void Dispose() => _mount.Dispose();

    [Fact]
    public void On_version_2_root_writes_all_limits_below_torchyard()
    {
        Files(
            $"torchyard/{Id}",
            ("cgroup.controllers", "cpuset cpu io memory pids\n"),
            ("memory.max", "max"),
            ("memory.swap.max", "max"),
            ("cpu.max", "max 100000"),
            ("pids.max", "max"),
            ("cpuset.cpus", "")
        );
        Files("", ("cgroup.subtree_control", ""));
        Files("torchyard", ("cgroup.subtree_control", ""));

        var cgroup = ContainerCgroup.Create(Unified, Id, isRoot: true, ["0::/"]);
        var missing = cgroup.Apply(Limits(version2: true));

        Assert.Empty(missing);
        Assert.Equal($"/torchyard/{Id}/payload", cgroup.Path);
        Assert.Equal("1073741824", Read($"torchyard/{Id}/memory.max"));
        // No swap beyond the limit.
        Assert.StartsWith("0", Read($"torchyard/{Id}/memory.swap.max"), StringComparison.Ordinal);
        Assert.StartsWith("50000 100000", Read($"torchyard/{Id}/cpu.max"), StringComparison.Ordinal);
        Assert.StartsWith("64", Read($"torchyard/{Id}/pids.max"), StringComparison.Ordinal);
        Assert.Equal("0-1", Read($"torchyard/{Id}/cpuset.cpus"));
        // The kernel gives children only the controllers that each parent switches on.
        Assert.StartsWith("+", Read("cgroup.subtree_control"), StringComparison.Ordinal);
        Assert.StartsWith("+", Read("torchyard/cgroup.subtree_control"), StringComparison.Ordinal);
    }

    [Fact]
    public void On_version_2_a_controller_that_was_not_delegated_is_told_and_never_dropped()
    {
        // What systemd gives a user by default (user@.service, Delegate=pids memory).
        Files("user.slice/user-1000.slice", ("cgroup.subtree_control", ""));
        Files($"user.slice/user-1000.slice/{Id}", ("cgroup.controllers", "memory pids\n"), ("memory.max", "max"), ("pids.max", "max"));

        var cgroup = ContainerCgroup.Create(Unified, Id, isRoot: false, ["0::/user.slice/user-1000.slice"]);
        var missing = cgroup.Apply(Limits(version2: true));

        Assert.Equal(["--cpus", "--cpuset-cpus"], missing.Select(limit => limit.Limit.Option));
        Assert.Null(cgroup.Path);
        Assert.Equal("1073741824", Read($"user.slice/user-1000.slice/{Id}/memory.max"));
        var refused = Assert.Throws<TorchyardException>(() => LimitEnforcement.Check(missing, bestEffort: false, _ => { }));
        Assert.Equal("TY4020", refused.Code);
        Assert.Contains("--cpus (0.5 CPUs)", refused.Message, StringComparison.Ordinal);
        var warnings = new List<string>();
        Assert.Equal(["--cpus", "--cpuset-cpus"], LimitEnforcement.Check(missing, bestEffort: true, warnings.Add));
        Assert.StartsWith("not enforced: 0.5 CPUs, CPUs 0-1", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void On_version_2_peak_memory_and_kills_are_read_from_the_cgroup_that_outlives_the_runtime()
    {
        Files(
            $"{Delegation}/{Id}",
            ("cgroup.controllers", "memory cpu pids\n"),
            ("memory.peak", "1073741824\n"),
            ("memory.current", "4096\n"),
            ("memory.events", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\n"),
            ("cpu.stat", "usage_usec 123456\nuser_usec 100000\n"),
            ("pids.current", "3\n")
        );

        var cgroup = ContainerCgroup.Create(Unified, Id, isRoot: false, ["0::/elsewhere"]);

        Assert.Equal(1, cgroup.MemoryKills());
        Assert.Equal(1 << 30, cgroup.PeakMemory());
        Assert.Equal(4096, cgroup.CurrentMemory());
        Assert.Equal(123456, cgroup.CpuTime());
        Assert.Equal(3, cgroup.CurrentProcesses());
    }

    [Fact]
    public void On_version_1_an_ordinary_user_gets_the_hierarchies_that_were_given_to_it()
    {
        var hierarchies = new[] { "memory", "cpu", "pids", "cpuset" }.ToDictionary(name => name, name => Path.Combine(_mount.Path, name));
        Files($"memory/{Delegation}/{Id}", ("memory.limit_in_bytes", "max"), ("memory.memsw.limit_in_bytes", "max"));
        Files($"cpu/{Delegation}/{Id}", ("cpu.cfs_period_us", ""), ("cpu.cfs_quota_us", "-1"));
        Files("cpuset", ("cpuset.cpus", "0-3"), ("cpuset.mems", "0"));
        Files($"cpuset/{Delegation}", ("cpuset.cpus", ""), ("cpuset.mems", ""));
        Files($"cpuset/{Delegation}/{Id}", ("cpuset.cpus", ""), ("cpuset.mems", ""));
        Directory.CreateDirectory(Path.Combine(_mount.Path, "pids"));

        var cgroup = ContainerCgroup.Create(
            new CgroupLayout(CgroupMode.Legacy, hierarchies, null, Writable: true),
            Id,
            isRoot: false,
            ["4:pids:/", "3:cpuset:/", "2:cpu:/", "1:memory:/"]
        );
        var missing = cgroup.Apply(Limits(version2: false).Where(limit => limit.Controller != "pids"));

        Assert.Empty(missing);
        Assert.Equal("1073741824", Read($"memory/{Delegation}/{Id}/memory.limit_in_bytes"));
        Assert.Equal("1073741824", Read($"memory/{Delegation}/{Id}/memory.memsw.limit_in_bytes"));
        Assert.Equal("50000", Read($"cpu/{Delegation}/{Id}/cpu.cfs_quota_us"));
        Assert.Equal("100000", Read($"cpu/{Delegation}/{Id}/cpu.cfs_period_us"));
        // A cpuset takes no process before it has CPUs and memory nodes, so they are handed down.
        Assert.Equal("0", Read($"cpuset/{Delegation}/{Id}/cpuset.mems"));
        Assert.Equal("0-1", Read($"cpuset/{Delegation}/{Id}/cpuset.cpus")[..3]);
    }

    private CgroupLayout Unified => new(CgroupMode.Unified, new Dictionary<string, string>(), _mount.Path, Writable: true);

    private static IReadOnlyList<CgroupLimit> Limits(bool version2) =>
        CgroupLimit.For(EffectiveLimits.From(Asked, new MachineResources(8L << 30, 4)), Asked, version2);

    private void Files(string directory, params (string Name, string Content)[] files)
    {
        var place = Directory.CreateDirectory(Path.Combine(_mount.Path, directory)).FullName;
        foreach (var (name, content) in files)
        {
            File.WriteAllText(Path.Combine(place, name), content);
        }
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(_mount.Path, file));
}
