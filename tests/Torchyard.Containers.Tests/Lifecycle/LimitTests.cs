using Torchyard.Containers.Requests;
using Torchyard.Platform;

namespace Torchyard.Containers.Tests.Lifecycle;

/// <summary>Each limit is made to bite.</summary>
public class LimitTests
{
    [Fact]
    public async Task Memory_kills_and_says_so_with_limit_and_peak()
    {
        await using var fixture = Enforced();
        var (code, _, state) = await fixture.RunAsync(fixture.Request("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1") with
        {
            Limits = new ContainerLimits { Memory = 64L << 20 },
        });

        Assert.Equal(137, code);
        Assert.True(state.OutOfMemory);
        Assert.InRange(state.PeakMemory!.Value, 60L << 20, 64L << 20);
    }

    [Fact]
    public async Task Processes_cannot_be_forked_beyond_the_limit()
    {
        await using var fixture = Enforced();
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("for i in $(seq 30); do sleep 5 & done; echo made all") with { Limits = new ContainerLimits { Processes = 16 } });

        Assert.Contains("fork", output, StringComparison.Ordinal);
        Assert.DoesNotContain("made all", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shared_memory_is_as_large_as_asked()
    {
        await using var fixture = ContainerFixture.Create();
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("dd if=/dev/zero of=/dev/shm/x bs=1M count=8 2>&1; df -k /dev/shm | tail -1") with
            {
                Limits = new ContainerLimits { SharedMemory = 4L << 20 },
            });

        Assert.Contains("No space left", output, StringComparison.Ordinal);
        Assert.Contains("4096", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_CPU_gives_half_the_time()
    {
        await using var fixture = Enforced();
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("cat /proc/self/cgroup; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo end") with
            {
                Limits = new ContainerLimits { Cpus = 0.2 },
            });

        Assert.EndsWith("end", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_CPU_list_is_what_the_program_sees()
    {
        await using var fixture = Enforced();
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("grep Cpus_allowed_list /proc/self/status") with { Limits = new ContainerLimits { CpusetCpus = "0" } });

        Assert.Equal("Cpus_allowed_list:\t0", output);
    }

    [Fact]
    public async Task A_limit_of_open_files_above_the_hard_limit_is_refused_or_clamped()
    {
        await using var fixture = ContainerFixture.Create();
        var request = fixture.Shell("ulimit -n") with { Ulimits = [new Ulimit("nofile", 2_000_000_000, 2_000_000_000)] };
        var error = await Assert.ThrowsAsync<TorchyardException>(
            () => fixture.Launcher.StartAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal("TY4021", error.Code);

        var (code, _, _) = await fixture.RunAsync(request with { BestEffort = true });
        Assert.Equal(0, code);
        Assert.Contains(fixture.Warnings, w => w.Contains("nofile", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rootless_without_delegated_cgroups_a_limit_is_refused_and_never_dropped()
    {
        Assert.SkipWhen(BusyboxRoot.IsRoot, "needs an ordinary user");
        await using var fixture = ContainerFixture.Create();
        var request = fixture.Request("true") with { Limits = new ContainerLimits { Memory = 64L << 20 } };
        var error = await Assert.ThrowsAsync<TorchyardException>(
            () => fixture.Launcher.StartAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal("TY4020", error.Code);

        var (code, _, _) = await fixture.RunAsync(request with { BestEffort = true });
        Assert.Equal(0, code);
        Assert.Contains(fixture.Warnings, w => w.StartsWith("not enforced: memory 64 MiB", StringComparison.Ordinal));
    }

    private static ContainerFixture Enforced()
    {
        Assert.SkipUnless(BusyboxRoot.IsRoot, "needs root for cgroups");
        return ContainerFixture.Create();
    }
}
