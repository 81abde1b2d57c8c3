using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Terminals;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>A window that is closed while something runs in it.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class ClosedTerminalTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exec", "8831")]
    [InlineData("exec -it", "8832")]
    public async Task Closing_it_ends_what_exec_runs_and_leaves_the_environment_up(string mode, string seconds)
    {
        using (
            var terminal = PseudoTerminal.Start(
                environment.Store,
                environment.Project,
                24,
                80,
                [
                    .. mode.Split(' '),
                    environment.Report.Name,
                    "sh",
                    "-c",
                    $"echo begun; exec python3 -c 'import time; time.sleep({seconds})'",
                ]
            )
        )
        {
            await terminal.ShowsAsync("begun", Cancellation);

            terminal.Close();

            await terminal.EndAsync(Cancellation);
        }

        Assert.True(await IsGoneAsync(seconds), "the program is still there");
        (await environment.ExecAsync(Cancellation, "echo", "still up")).Succeeded().Printed("still up");
    }

    [Fact]
    public async Task A_trap_of_the_program_hears_the_hang_up_before_it_ends()
    {
        var mark = Path.Combine(environment.Project, "hung-up");
        using (
            var terminal = PseudoTerminal.Start(
                environment.Store,
                environment.Project,
                24,
                80,
                "exec",
                environment.Report.Name,
                "python3",
                "-c",
                "import signal, time, sys\nsignal.signal(signal.SIGHUP, lambda *_: (open('/workspace/hung-up', 'w').write('heard'), "
                    + "sys.exit(0)))\nprint('begun', flush=True)\ntime.sleep(600)"
            )
        )
        {
            await terminal.ShowsAsync("begun", Cancellation);
            terminal.Close();
            await terminal.EndAsync(Cancellation);
        }

        for (var tries = 0; tries < 100 && !File.Exists(mark); tries++)
        {
            await Task.Delay(100, Cancellation);
        }

        Assert.Equal("heard", await File.ReadAllTextAsync(mark, Cancellation));
    }

    private static async Task<bool> IsGoneAsync(string seconds)
    {
        for (var tries = 0; tries < 150; tries++)
        {
            if (HostProcesses.PythonsWith($"import time; time.sleep({seconds})").Count == 0)
            {
                return true;
            }

            await Task.Delay(100, Cancellation);
        }

        return false;
    }
}
