using Torchyard.Containers.Cgroups;
using Torchyard.Machine.Kernel;

namespace Torchyard.Containers.Tests.Cgroups;

public sealed class CgroupMovesTests : IDisposable
{
    private readonly TemporaryDirectory _mount = new();

    public void Dispose() => _mount.Dispose();

    [Fact]
    public void On_version_2_it_is_the_only_line()
    {
        var file = Cgroup("user.slice/shell");

        Assert.Equal(
            file,
            CgroupMoves.OwnProcsFile(new CgroupLayout(CgroupMode.Unified, None, _mount.Path, true), ["0::/user.slice/shell"])
        );
    }

    [Fact]
    public void On_version_1_it_is_the_first_hierarchy_that_is_there()
    {
        var file = Cgroup("memory/job");
        var layout = new CgroupLayout(
            CgroupMode.Hybrid,
            new Dictionary<string, string> { ["cpu"] = Path.Combine(_mount.Path, "cpu"), ["memory"] = Path.Combine(_mount.Path, "memory") },
            Path.Combine(_mount.Path, "unified"),
            true
        );

        Assert.Equal(file, CgroupMoves.OwnProcsFile(layout, ["9:net_cls:/", "4:cpu,cpuacct:/job", "3:memory:/job", "0::/"]));
    }

    [Fact]
    public void Without_cgroups_there_is_none() =>
        Assert.Null(CgroupMoves.OwnProcsFile(new CgroupLayout(CgroupMode.None, None, null, false), ["0::/", "nonsense"]));

    private static Dictionary<string, string> None => [];

    private string Cgroup(string path)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_mount.Path, path));
        var file = Path.Combine(directory.FullName, "cgroup.procs");
        File.WriteAllText(file, "");
        return file;
    }
}
