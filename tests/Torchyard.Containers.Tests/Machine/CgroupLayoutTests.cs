using Torchyard.Machine.Kernel;

namespace Torchyard.Containers.Tests.Machine;

/// <summary>Recorded lines of /proc/self/mountinfo.</summary>
public class CgroupLayoutTests
{
    [Fact]
    public void Version_2_alone()
    {
        // Debian 12 with systemd.
        var layout = CgroupLayout.Parse([
            "24 30 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw",
            "29 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot",
        ]);

        Assert.Equal(CgroupMode.Unified, layout.Mode);
        Assert.Equal("/sys/fs/cgroup", layout.UnifiedMount);
        Assert.Empty(layout.Hierarchies);
        Assert.True(layout.Writable);
    }

    [Fact]
    public void Version_1_with_two_controllers_in_one_hierarchy_and_version_2_beside_it()
    {
        // Ubuntu 20.04: systemd's hybrid layout.
        var layout = CgroupLayout.Parse([
            "31 23 0:27 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755",
            "32 31 0:28 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate",
            "33 31 0:29 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,name=systemd",
            "36 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,cpu,cpuacct",
            "37 31 0:33 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup rw,memory",
        ]);

        Assert.Equal(CgroupMode.Hybrid, layout.Mode);
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct", layout.Hierarchies["cpu"]);
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct", layout.Hierarchies["cpuacct"]);
        Assert.Equal("/sys/fs/cgroup/memory", layout.Hierarchies["memory"]);
        Assert.Equal("/sys/fs/cgroup/unified", layout.UnifiedMount);
    }

    [Fact]
    public void Inside_a_container_it_is_read_only_and_a_machine_may_have_none()
    {
        // docker run debian.
        var inside = CgroupLayout.Parse([
            "627 623 0:26 /../../.. /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate",
        ]);

        Assert.False(inside.Writable);
        Assert.Equal(CgroupMode.None, CgroupLayout.Parse(["24 30 0:22 / /sys rw - sysfs sysfs rw", "nonsense", ""]).Mode);
    }
}
