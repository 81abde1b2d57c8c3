using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Lifecycle;

/// <summary>Each limit is made to bite.</summary>
public class LimitTests
{
    [Fact]
    public async Task Memory_kills_and_says_so_with_limit_and_peak()
    {
        await using var fixture = Enforced();
        var (code, _, state) = await fixture.RunAsync(
            fixture.Request("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1") with
            {
                Limits = new ContainerLimits { Memory = 64L << 20 },
            }
        );

        Assert.Equal(137, code);
        Assert.True(state.OutOfMemory);
        Assert.InRange(state.PeakMemory!.Value, 60L << 20, 64L << 20);
    }

    [Fact]
    public async Task A_worker_that_is_killed_for_memory_is_told_when_the_program_ends_by_itself()
    {
        await using var fixture = Enforced();
        var (code, _, state) = await fixture.RunAsync(
            fixture.Shell("dd if=/dev/zero of=/dev/null bs=200M count=1; exit 1") with
            {
                Limits = new ContainerLimits { Memory = 64L << 20 },
            }
        );

        Assert.Equal(1, code);
        Assert.True(state.OutOfMemory);
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task Programs_inside_see_the_limits_in_their_own_cgroup(OciRuntimeKind kind)
    {
        await using var fixture = Isolation.Own.Fixture(kind);
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell(
                "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us pids/pids.max "
                    + "2>/dev/null || cat memory.max cpu.max pids.max"
            ) with
            {
                Limits = new ContainerLimits
                {
                    Memory = 64L << 20,
                    Cpus = 0.5,
                    Processes = 50,
                },
            }
        );

        Assert.Equal(["67108864", "50000", "100000", "50"], output.Split('\n', ' '));
    }

    [Fact]
    public async Task Processes_cannot_be_forked_beyond_the_limit()
    {
        await using var fixture = Enforced();
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("for i in $(seq 30); do sleep 5 & done; echo made all") with
            {
                Limits = new ContainerLimits { Processes = 16 },
            }
        );

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
            }
        );

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
            }
        );

        Assert.EndsWith("end", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_CPU_list_is_what_the_program_sees()
    {
        await using var fixture = Enforced();
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("grep Cpus_allowed_list /proc/self/status") with
            {
                Limits = new ContainerLimits { CpusetCpus = "0" },
            }
        );

        Assert.Equal("Cpus_allowed_list:\t0", output);
    }

    [Fact]
    public async Task A_limit_of_open_files_above_the_hard_limit_is_refused_or_clamped()
    {
        await using var fixture = ContainerFixture.Create();
        var request = fixture.Shell("ulimit -n") with { Ulimits = [new Ulimit("nofile", 2_000_000_000, 2_000_000_000)] };
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.Launcher.StartAsync(request, TestContext.Current.CancellationToken)
        );
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
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.Launcher.StartAsync(request, TestContext.Current.CancellationToken)
        );
        Assert.Equal("TY4020", error.Code);

        var (code, _, _) = await fixture.RunAsync(request with { BestEffort = true });
        Assert.Equal(0, code);
        Assert.Contains(fixture.Warnings, w => w.StartsWith("not enforced: memory 64 MiB", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task Limits_of_a_running_container_change_inside_and_in_its_record(OciRuntimeKind kind)
    {
        await using var fixture = Isolation.Own.Fixture(kind);
        var cancellation = TestContext.Current.CancellationToken;
        var session = await fixture.Launcher.StartAsync(
            fixture.Request("sleep", "600") with
            {
                Limits = new ContainerLimits
                {
                    Memory = 64L << 20,
                    Cpus = 0.5,
                    Processes = 50,
                },
            },
            cancellation
        );
        // Up in one step and down in another: the kernel wants the cgroups in another order then.
        foreach (
            var asked in new ContainerLimits[]
            {
                new()
                {
                    Memory = 256L << 20,
                    Cpus = 1.5,
                    Processes = 90,
                },
                new()
                {
                    Memory = 32L << 20,
                    Cpus = 0.2,
                    Processes = 20,
                },
            }
        )
        {
            var (changed, outcomes) = await session.SetLimitsAsync(asked, bestEffort: false, cancellation);

            Assert.Equal(["memory", "cpus", "processes"], outcomes.Select(outcome => outcome.Name));
            Assert.All(outcomes, outcome => Assert.Null(outcome.Refusal));
            var inside = await changed.CaptureAsync(
                new ExecRequest
                {
                    Command =
                    [
                        "sh",
                        "-c",
                        "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us pids/pids.max 2>/dev/null || cat "
                            + "memory.max cpu.max pids.max",
                    ],
                },
                cancellation
            );
            Assert.Equal(
                [asked.Memory!.Value, (long)(asked.Cpus!.Value * 100_000), asked.Processes!.Value],
                inside
                    .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => long.Parse(line.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture))
            );
            var record = (await fixture.Store.FindAsync(session.Record.Id, cancellation)).Record;
            Assert.Equal((asked.Memory, asked.Cpus, asked.Processes), (record.Limits.Memory, record.Limits.Cpus, record.Limits.Processes));
            Assert.Empty((await changed.SetLimitsAsync(asked, bestEffort: false, cancellation)).Outcomes);
        }

        await session.StopAsync(TimeSpan.Zero, cancellation);
    }

    [Fact]
    public async Task Memory_in_use_is_not_taken_away()
    {
        await using var fixture = Enforced();
        var cancellation = TestContext.Current.CancellationToken;
        var session = await fixture.Launcher.StartAsync(
            fixture.Shell("head -c 104857600 /dev/zero > /dev/shm/used; echo full; sleep 600") with
            {
                Limits = new ContainerLimits { Memory = 256L << 20, SharedMemory = 128L << 20 },
            },
            cancellation
        );
        for (var look = 0; session.Usage().Memory is null or < 90L << 20; look++)
        {
            Assert.True(look < 1500, "the memory is not in use");
            await Task.Delay(20, cancellation);
        }

        var (kept, outcomes) = await session.SetLimitsAsync(new ContainerLimits { Memory = 32L << 20 }, bestEffort: false, cancellation);

        var refused = Assert.Single(outcomes);
        Assert.EndsWith("are in use", refused.Refusal, StringComparison.Ordinal);
        Assert.Equal(256L << 20, kept.Record.Limits.Memory);
        Assert.True(session.IsRunning);
        // It is found again next time.
        Assert.Single((await kept.SetLimitsAsync(new ContainerLimits { Memory = 32L << 20 }, bestEffort: false, cancellation)).Outcomes);
        await session.StopAsync(TimeSpan.Zero, cancellation);
    }

    [Fact]
    public async Task A_limit_above_what_the_machine_has_is_told()
    {
        await using var fixture = ContainerFixture.Create();
        await fixture.RunAsync(
            fixture.Request("true") with
            {
                BestEffort = true,
                Limits = new ContainerLimits
                {
                    Memory = 1L << 50,
                    Cpus = 8000,
                    SharedMemory = 1 << 20,
                },
            }
        );

        Assert.Contains(fixture.Warnings, warning =>
            warning.StartsWith("the memory limit of 1 PiB is more than the ", StringComparison.Ordinal)
        );
        Assert.Contains(fixture.Warnings, warning =>
            warning.StartsWith("the limit of 8000 CPUs is more than the ", StringComparison.Ordinal)
        );
    }

    private static ContainerFixture Enforced()
    {
        Assert.SkipUnless(BusyboxRoot.IsRoot, "needs root for cgroups");
        return ContainerFixture.Create();
    }
}
