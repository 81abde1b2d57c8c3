using Torchyard.Containers.Cgroups;

namespace Torchyard.Containers.Tests.Cgroups;

/// <summary>
/// Limits of a running container, on directories that look like the kernel's. In LimitTests the kernel itself takes them.
/// </summary>
public sealed class LiveLimitsTests : IDisposable
{
    private const long Gibi = 1L << 30;

    private readonly TemporaryDirectory _outer = new();

    private string Inner => Path.Combine(_outer.Path, "payload");

    private LiveLimits Limits =>
        new(
            new Dictionary<string, string>
            {
                ["memory"] = _outer.Path,
                ["cpu"] = _outer.Path,
                ["pids"] = _outer.Path,
            }
        );

    public void Dispose() => _outer.Dispose();

    [Fact]
    public void On_version_2_both_cgroups_get_the_limit()
    {
        Files(
            _outer.Path,
            ("memory.max", "1073741824"),
            ("memory.current", "4096"),
            ("memory.high", "max"),
            ("cpu.max", "100000 100000"),
            ("pids.max", "100"),
            ("pids.current", "3")
        );
        Files(Inner, ("memory.max", "1073741824"), ("cpu.max", "100000 100000"), ("pids.max", "100"));

        string?[] refusals = [Limits.SetMemory(2 * Gibi), Limits.SetCpus(1.5), Limits.SetProcesses(64)];
        Assert.All(refusals, Assert.Null);

        Assert.All([_outer.Path, Inner], level =>
        {
            Assert.Equal("2147483648", Read(level, "memory.max"));
            Assert.StartsWith("150000 100000", Read(level, "cpu.max"), StringComparison.Ordinal);
            Assert.StartsWith("64", Read(level, "pids.max"), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void On_version_2_memory_in_use_is_not_killed_for_a_lower_limit()
    {
        Files(_outer.Path, ("memory.max", "4294967296"), ("memory.current", "3221225472"), ("memory.high", "max"));
        Files(Inner, ("memory.max", "4294967296"));

        Assert.Equal("3 GiB are in use", Limits.SetMemory(Gibi));

        Assert.Equal("4294967296", Read(_outer.Path, "memory.max"));
        Assert.Equal("4294967296", Read(Inner, "memory.max"));
        // The pressure to free memory is taken away again; a file of the kernel would have no rest of the longer number.
        Assert.StartsWith("max", Read(_outer.Path, "memory.high"), StringComparison.Ordinal);
    }

    [Fact]
    public void On_version_1_memory_and_swap_follow_and_no_limit_of_swap_stays_none()
    {
        Files(
            _outer.Path,
            ("memory.limit_in_bytes", "1073741824"),
            ("memory.memsw.limit_in_bytes", "1073741824"),
            ("memory.usage_in_bytes", "4096")
        );
        Files(Inner, ("memory.limit_in_bytes", "1073741824"), ("memory.memsw.limit_in_bytes", "9223372036854771712"));

        Assert.Null(Limits.SetMemory(2 * Gibi));

        Assert.Equal("2147483648", Read(_outer.Path, "memory.limit_in_bytes"));
        Assert.Equal("2147483648", Read(_outer.Path, "memory.memsw.limit_in_bytes"));
        Assert.Equal("2147483648", Read(Inner, "memory.limit_in_bytes"));
        Assert.Equal("9223372036854771712", Read(Inner, "memory.memsw.limit_in_bytes"));
    }

    [Fact]
    public void Fewer_processes_than_there_are_is_refused()
    {
        Files(_outer.Path, ("pids.max", "100"), ("pids.current", "70"));

        Assert.Equal("it has 70 processes and threads now", Limits.SetProcesses(64));

        Assert.Equal("100", Read(_outer.Path, "pids.max"));
    }

    [Fact]
    public void A_controller_that_the_container_has_not_is_told() =>
        Assert.Contains(
            "cpu cgroup controller is not available",
            new LiveLimits(new Dictionary<string, string>()).SetCpus(1),
            StringComparison.Ordinal
        );

    private static string Read(string level, string file) => File.ReadAllText(Path.Combine(level, file));

    private static void Files(string directory, params (string Name, string Content)[] files)
    {
        Directory.CreateDirectory(directory);
        foreach (var (name, content) in files)
        {
            File.WriteAllText(Path.Combine(directory, name), content);
        }
    }
}
