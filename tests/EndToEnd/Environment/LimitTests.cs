using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Environment;

/// <summary>Limits, seen from inside: they are there and they bite.</summary>
[Collection(SmallImageTests.Name)]
public sealed class LimitTests(SmallImage small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Memory_beyond_the_limit_ends_the_program_and_the_message_names_limit_and_peak()
    {
        RequireRoot();

        var run = await RunAsync("--memory", "96m", SmallImage.Name, "python3", "-c", "b = b'x' * (512 << 20); print(len(b))");

        run.Ended(137);
        Assert.Matches("ran out of memory: the limit is 96 MiB, the peak was [0-9]", run.Error);
    }

    [Fact]
    public async Task Shared_memory_has_the_size_asked_for()
    {
        var run = await RunAsync(
            "--shm-size",
            "64m",
            SmallImage.Name,
            "sh",
            "-c",
            "df -B1 --output=size /dev/shm | tail -n 1; head -c 70000000 /dev/zero > /dev/shm/full"
        );

        Assert.NotEqual(0, run.ExitCode);
        run.Printed("67108864");
        Assert.Contains("No space left on device", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_processes_than_the_limit_cannot_be_started()
    {
        RequireRoot();
        const string Forks = """
            import os, sys, time
            for n in range(200):
                try:
                    if os.fork() == 0:
                        time.sleep(60)
                        os._exit(0)
                except BlockingIOError:
                    print("stopped after", n)
                    sys.exit(0)
            sys.exit("200 processes started")
            """;

        var run = await RunAsync("--pids-limit", "32", SmallImage.Name, "python3", "-c", Forks);

        run.Succeeded();
        var started = int.Parse(run.Output.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(started, 16, 32);
    }

    [Fact]
    public async Task A_program_that_wants_more_CPU_than_its_quota_is_throttled()
    {
        RequireRoot();
        // It stays after its work, so that its control group can be read.
        const string Busy =
            "import sys, time\nend = time.perf_counter() + 1.5\nwhile time.perf_counter() < end: pass\nprint('done', "
            + "flush=True)\nsys.stdin.read()";
        var mark = Guid.NewGuid().ToString("N");
        using var run = small.Store.Start(
            small.Project,
            ["run", "--rm", "-i", "--cpus", "0.2", SmallImage.Name, "python3", "-c", Busy, mark]
        );
        try
        {
            Assert.Equal("done", await run.StandardOutput.ReadLineAsync(Cancellation));
            var process = Assert.Single(HostProcesses.PythonsWith(mark));

            Assert.True(CpuQuota.TimesThrottled(process, 0.2) > 0, CpuQuota.Describe(process));
        }
        finally
        {
            run.StandardInput.Close();
            await run.WaitForExitAsync(CancellationToken.None);
        }
    }

    private Task<ProgramOutput> RunAsync(params string[] arguments) =>
        small.Store.RunAsync(small.Project, ["run", "--rm", .. arguments], Cancellation);

    private static void RequireRoot() => Requires.Root("limits of memory, processes and CPUs need root or a delegated cgroup");
}
