using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Attacks;

/// <summary>
/// A container tries to write to the machine's /sys and cgroups, with which it would kill processes outside, lift its own limits or have
/// programs started on the machine (release_agent, uevent_helper): whoever runs it, with every network.
/// </summary>
[Collection(SmallContainerTests.Name)]
public sealed class KernelFileSystemTests(SmallContainer small)
{
    // Each line that it prints is a way that was open.
    private const string Attack = """
        awk '$5 ~ "^/sys(/|$)" && $6 !~ /(^|,)ro(,|$)/ && $9 != "tmpfs" && !($0 ~ / - tmpfs /) { print "writable mount:", $5 }' /proc/self/mountinfo
        for file in $(find /sys/fs/cgroup -name cgroup.procs -o -name cgroup.kill -o -name memory.limit_in_bytes -o -name memory.max -o -name release_agent 2>/dev/null | head -200); do
          { echo 1 > "$file"; } 2>/dev/null && echo "wrote $file"
        done
        for file in /sys/kernel/uevent_helper /sys/kernel/mm/ksm/run /sys/power/state /sys/module/*/parameters/*; do
          [ -e "$file" ] && { echo 0 > "$file"; } 2>/dev/null && echo "wrote $file"
        done
        mkdir /sys/fs/cgroup/new 2>/dev/null && [ -e /sys/fs/cgroup/new/cgroup.procs ] && echo "made a cgroup"
        for directory in /sys/fs/cgroup/*/; do mkdir "$directory/new" 2>/dev/null && [ -e "$directory/new/cgroup.procs" ] && echo "made $directory/new"; done
        mount -o remount,rw /sys 2>/dev/null && echo "remounted /sys"
        mount -t cgroup2 none /mnt 2>/dev/null && echo "mounted cgroup2"
        mount -t sysfs none /mnt 2>/dev/null && echo "mounted sysfs"
        for file in /proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches; do
          { echo x > "$file"; } 2>/dev/null && echo "wrote $file"
        done
        true
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Ways()
    {
        var ways = new TheoryData<string, string, string>();
        foreach (var runtime in new[] { "crun", "runc" })
        {
            foreach (var network in new[] { "host", "private", "none" })
            {
                ways.Add(runtime, network, "");
                ways.Add(runtime, network, "-u 0");
            }
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Neither_sys_nor_a_cgroup_can_be_written_to(string runtime, string network, string user)
    {
        Program.HostProgram.Require(runtime);
        var directory = small.NewDirectory();
        await File.WriteAllTextAsync(Path.Combine(directory, "attack.sh"), Attack, Cancellation);

        var run = await small.ScriptAsync(
            $"ty run --rm --runtime {runtime} --network {network} {user} -v ./attack.sh:/attack.sh:ro $SMALL sh /attack.sh",
            directory,
            Cancellation
        );

        Assert.Equal("", run.Succeeded().Output);
    }
}
