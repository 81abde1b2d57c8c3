using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Reports.Doctor;
using Torchyard.Reports.Doctor.Checks;

namespace Torchyard.Reports.Tests.Doctor;

public sealed class ContainerCheckTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public ContainerCheckTests()
    {
        Write("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n");
        Write("usr/bin/newuidmap", "");
        Write("usr/bin/newgidmap", "");
    }

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("alice:100000:65536", "alice:100000:65536", CheckState.Ok, "65536 subordinate ids for alice")]
    [InlineData("1000:100000:65536", "alice:200000:70000", CheckState.Ok, "65536 subordinate ids for alice")]
    [InlineData("alice:100000:1000", "alice:100000:65536", CheckState.Warn, "1000 subordinate ids for alice: 65536 are needed")]
    [InlineData("alice:100000:65536", "alice:100000:1000", CheckState.Warn, "1000 subordinate ids for alice: 65536 are needed")]
    [InlineData("alice:100000", "alice:100000:65536", CheckState.Warn, "no subordinate ids for alice")]
    [InlineData("bob:100000:65536", "bob:100000:65536", CheckState.Warn, "no subordinate ids for alice")]
    public void Subordinate_ids_are_in_order_exactly_where_build_accepts_them(string uids, string gids, CheckState state, string text)
    {
        Write("etc/subuid", uids + "\n");
        Write("etc/subgid", gids + "\n");

        var finding = Assert.Single(new ContainerCheck().Run(View()), found => found.Id == "containers.subids");

        Assert.Equal((state, text), (finding.State, finding.Text));
    }

    [Fact]
    public void The_tools_that_map_ids_are_looked_for_where_programs_are()
    {
        Write("etc/subuid", "alice:100000:65536\n");
        Write("etc/subgid", "alice:100000:65536\n");
        File.Move(Path.Combine(_root.Path, "usr/bin/newuidmap"), Path.Combine(_root.Path, "newuidmap"));
        var missing = Assert.Single(new ContainerCheck().Run(View()), found => found.Id == "containers.subids");
        Write("usr/local/bin/newuidmap", "");
        var found = Assert.Single(new ContainerCheck().Run(View()), found => found.Id == "containers.subids");

        Assert.Equal((CheckState.Warn, CheckState.Ok), (missing.State, found.State));
        Assert.Equal("newuidmap and newgidmap are missing", missing.Text);
    }

    [Fact]
    public void Cgroups_that_are_mounted_read_only_cannot_enforce_limits()
    {
        Write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw\n");
        Write("sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");

        var finding = Assert.Single(new ContainerCheck().Run(View(uid: 0)), found => found.Id == "containers.cgroup");

        Assert.Equal(CheckState.Warn, finding.State);
        Assert.StartsWith("cgroups are mounted read-only", finding.Text, StringComparison.Ordinal);
    }

    private void Write(string path, string text)
    {
        var place = Path.Combine(_root.Path, path);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        File.WriteAllText(place, text);
    }

    private MachineView View(int uid = 1000)
    {
        var files = new MachineFiles(_root.Path);
        return new MachineView
        {
            Files = files,
            Gpus = GpuSnapshot.None,
            Libraries = new LibrarySearch(files, _ => null),
            Environment = _ => null,
            Uid = uid,
            Gids = [uid],
        };
    }
}
