using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Terminals;

namespace Torchyard.EndToEnd.Environment;

/// <summary>What a person and their tools do over SSH, at a terminal of 80 columns.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class SshTerminalTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Torchyard_ssh_gives_a_shell_on_a_terminal_that_belongs_to_group_tty()
    {
        using var terminal = PseudoTerminal.Start(environment.Store, environment.Project, 24, 80, "ssh");

        terminal.Type("stat -c 'it is %U:%G %a' $(tty); stty size; pwd\r");

        await terminal.ShowsAsync("it is trainer:tty 620\r\n24 80\r\n/workspace\r\n", Cancellation);
        terminal.Type("exit 9\r");
        Assert.Equal(9, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task A_command_with_a_forced_terminal_ends_with_its_own_status()
    {
        using var terminal = PseudoTerminal.Start(
            environment.Store,
            environment.Project,
            24,
            80,
            "ssh",
            environment.Report.Name,
            "-tt",
            "tty && exit 5"
        );

        await terminal.ShowsAsync("/dev/pts/", Cancellation);

        Assert.Equal(5, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task Up_itself_has_logged_in_and_left_no_key_behind()
    {
        var up = await environment.UpAsync(Cancellation, "--recreate");

        Assert.Contains(up.Json.GetProperty("checks").EnumerateArray(), check =>
            check.GetProperty("name").GetString() == "SSH"
            && check.GetProperty("result").GetString()!.EndsWith("a key gets in and has a terminal", StringComparison.Ordinal)
        );
        var keys = await environment.ExecAsync(Cancellation, "cat", "/var/lib/torchyard/authorized_keys");
        Assert.DoesNotContain("restrict", keys.Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_on_standard_input_of_a_remote_bash_runs_as_remote_editors_do_it()
    {
        var bash = await environment.Store.RunAsync(
            environment.Project,
            ["ssh", environment.Report.Name, "-T", "-o", "ConnectTimeout=15", "bash"],
            Cancellation,
            "uname -s\nmkdir -p ~/.editor/bin && cat > ~/.editor/bin/server <<'EOF'\n#!/bin/sh\necho server on $1\nEOF\nchmod +x "
                + "~/.editor/bin/server\n~/.editor/bin/server 4711\nexit 3\n"
        );

        bash.Ended(3).Printed("Linux").Printed("server on 4711");
    }

    [Fact]
    public async Task Scp_carries_a_directory_there_and_back()
    {
        var there = environment.Store.NewProject("carried");
        await File.WriteAllTextAsync(Path.Combine(there, "one"), "1", Cancellation);

        var copied = await HostProgram.RunAsync(
            HostProgram.Require("scp"),
            [.. Options("-P"), "-r", there, "trainer@127.0.0.1:/tmp/"],
            Cancellation,
            patience: TimeSpan.FromMinutes(1)
        );
        copied.Succeeded();
        var back = await HostProgram.RunAsync(
            HostProgram.Require("scp"),
            [.. Options("-P"), "trainer@127.0.0.1:/tmp/carried/one", Path.Combine(there, "two")],
            Cancellation,
            patience: TimeSpan.FromMinutes(1)
        );
        back.Succeeded();

        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(there, "two"), Cancellation));
    }

    // Nothing of the tester's own: no configuration, no agent, no known hosts.
    private string[] Options(string port) =>
        [
            "-F",
            "none",
            port,
            environment.Report.SshPort,
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "IdentityAgent=none",
            "-o",
            "StrictHostKeyChecking=accept-new",
            "-o",
            $"UserKnownHostsFile={Path.Combine(environment.Store.Root, "known_hosts")}",
            "-i",
            environment.Report.SshKey,
        ];
}
