using Torchyard.EndToEnd.Environment;

namespace Torchyard.EndToEnd.Terminals;

/// <summary><c>-it</c> with a real terminal on this side.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class TerminalTests(RunningEnvironment environment)
{
    private const string ControlC = "\u0003",
        Detach = "\u0010\u0011";

    // What says that it is there is the program in front itself; before, Ctrl-C would find only the shell.
    private const string Sleeper = "sh -c 'echo before; exec sleep 600'\r";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_shell_has_the_size_of_the_window_and_follows_it_and_its_exit_status_is_passed_on()
    {
        using var terminal = Run("-it", "--rm");
        await SizeIsAsync(terminal, "31 101");

        terminal.Resize(52, 133);
        await SizeIsAsync(terminal, "52 133");

        terminal.Type("exit 6\r");
        Assert.Equal(6, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task Control_c_ends_the_program_in_front_and_not_the_shell()
    {
        using var terminal = Run("-it", "--rm");
        terminal.Type(Sleeper);
        await terminal.ShowsAsync("before\r\n", Cancellation);

        terminal.Type(ControlC);
        terminal.Type("echo status $?\r");

        await terminal.ShowsAsync("status 130\r\n", Cancellation);
        terminal.Type("exit 0\r");
        Assert.Equal(0, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task The_detach_keys_leave_the_container_running_and_attach_returns_to_it()
    {
        var name = "detach-" + Guid.NewGuid().ToString("N")[..6];
        using (var first = Run("-it", "--rm", "--name", name))
        {
            first.Type("kept=5; echo set $kept\r");
            await first.ShowsAsync("set 5\r\n", Cancellation);
            first.Type(Detach);
            await first.ShowsAsync($"torchyard attach {name} returns to it", Cancellation);
            Assert.Equal(0, await first.EndAsync(Cancellation));
        }

        using var second = PseudoTerminal.Start(environment.Store, environment.Project, 40, 120, "attach", name);
        second.Type("echo kept is $kept\r");
        await second.ShowsAsync("kept is 5\r\n", Cancellation);
        await SizeIsAsync(second, "40 120");
        second.Resize(41, 121);
        await SizeIsAsync(second, "41 121");

        second.Type("exit 7\r");
        Assert.Equal(7, await second.EndAsync(Cancellation));
        var left = await environment.Store.RunAsync(environment.Project, ["ps", "--all"], Cancellation);
        Assert.DoesNotContain(name, left.Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_has_a_terminal_of_its_own()
    {
        using var terminal = PseudoTerminal.Start(
            environment.Store,
            environment.Project,
            22,
            77,
            "exec",
            "-it",
            environment.Report.Name,
            "bash",
            "--norc",
            "--noediting"
        );
        await SizeIsAsync(terminal, "22 77");
        terminal.Resize(23, 78);
        await SizeIsAsync(terminal, "23 78");
        terminal.Type(Sleeper);
        await terminal.ShowsAsync("before\r\n", Cancellation);
        terminal.Type(ControlC);

        terminal.Type("test $? -eq 130 && exit 8\r");

        Assert.Equal(8, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task Without_a_terminal_inside_control_c_ends_a_shell_with_the_program_it_waits_for()
    {
        using var terminal = PseudoTerminal.Start(
            environment.Store,
            environment.Project,
            24,
            80,
            "run",
            "--rm",
            environment.Report.Image,
            "sh",
            "-c",
            "perl -e '$| = 1; print qq(up\\n); sleep 600'; echo never"
        );
        // The program itself says that it is up: around fork and exec a shell's child can lose the signal, on any terminal.
        await terminal.ShowsAsync("up", Cancellation);

        terminal.Type(ControlC);

        Assert.Equal(130, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task A_command_leaves_the_terminal_as_it_was()
    {
        using var terminal = PseudoTerminal.Start(environment.Store, environment.Project, 24, 80, "version");

        Assert.Equal(0, await terminal.EndAsync(Cancellation));
        await terminal.ShowsAsync("store", Cancellation);
        Assert.DoesNotContain('\u001b', terminal.Screen);
    }

    private PseudoTerminal Run(params string[] options) =>
        PseudoTerminal.Start(
            environment.Store,
            environment.Project,
            31,
            101,
            ["run", .. options, environment.Report.Image, "bash", "--norc", "--noediting"]
        );

    // The window's size reaches the program a moment after the window: it is asked for until it is there.
    private static async Task SizeIsAsync(PseudoTerminal terminal, string size)
    {
        terminal.Type($"until test \"$(stty size)\" = '{size}'; do :; done; echo it has $(stty size)\r");
        await terminal.ShowsAsync($"it has {size}\r\n", Cancellation);
    }
}
