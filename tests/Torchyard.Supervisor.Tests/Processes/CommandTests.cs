namespace Torchyard.Supervisor.Tests.Processes;

public sealed class CommandTests
{
    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("kill -KILL $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    public async Task The_container_ends_as_its_command_does(string script, int code)
    {
        using var supervisor = new SupervisorProcess().Start("sh", "-c", script);

        Assert.Equal(code, (await supervisor.EndAsync()).Code);
        Assert.Equal("", supervisor.Errors.Trim());
    }

    [Theory]
    [InlineData("/no/such/program", 127)]
    [InlineData("no-such-program", 127)]
    [InlineData("/etc/passwd", 126)]
    public async Task A_command_that_cannot_start_gives_the_code_of_a_shell(string program, int code)
    {
        using var supervisor = new SupervisorProcess().Start(program);

        Assert.Equal(code, (await supervisor.EndAsync()).Code);
        Assert.Contains(program, supervisor.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("INT")]
    [InlineData("QUIT")]
    [InlineData("USR1")]
    [InlineData("USR2")]
    public async Task Signals_reach_the_command(string signal)
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Start("sh", "-c", $"trap 'echo got; exit 9' {signal}; : > {supervisor.Path("ready")}; while :; do sleep 0.05; done");
        await supervisor.FileAsync("ready", _ => File.Exists(supervisor.Path("ready")));

        supervisor.Signal(signal);

        Assert.Equal((9, "got\n"), await supervisor.EndAsync());
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("QUIT", 131)]
    public async Task What_the_keyboard_sends_ends_a_shell_together_with_the_program_it_waits_for(string signal, int code)
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Start("sh", "-c", $"ulimit -c 0; sh -c ': > {supervisor.Path("ready")}; exec sleep 600'; kill -s {signal} $$");
        await supervisor.FileAsync("ready", _ => File.Exists(supervisor.Path("ready")));

        supervisor.Signal(signal);

        Assert.Equal((code, ""), await supervisor.EndAsync());
    }

    [Fact]
    public async Task The_command_starts_with_no_signal_blocked_or_ignored()
    {
        using var supervisor = new SupervisorProcess().Start("sed", "-n", "s/^Sig\\(Blk\\|Ign\\):\t//p", "/proc/self/status");

        var masks = (await supervisor.EndAsync())
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(mask => Convert.ToUInt64(mask, 16))
            .ToList();

        Assert.Equal(2, masks.Count);
        // 32 and 33 belong to the threads of glibc, which ignores them in what it spawns.
        Assert.All(masks, mask => Assert.Equal(0u, mask & 0x7fffffff));
    }

    [Fact]
    public async Task The_command_shares_standard_input_and_keeps_secrets_of_the_supervisor_out()
    {
        using var supervisor = new SupervisorProcess();
        supervisor.Environment["TORCHYARD_AUTHORIZED_KEYS"] = "secret";
        supervisor.Environment["OTHER"] = "kept";
        supervisor.Start("sh", "-c", "echo \"$OTHER ${TORCHYARD_AUTHORIZED_KEYS-none}\"");

        Assert.Equal((0, "kept none\n"), await supervisor.EndAsync());
    }

    [Fact]
    public async Task Orphans_are_reaped_and_stopped_with_the_container()
    {
        using var supervisor = new SupervisorProcess { Prefix = PidNamespace() };
        // A child of a child that has gone becomes the supervisor's; ended, it must not stay as a zombie.
        supervisor.Start(
            "sh",
            "-c",
            "(sleep 0 & sleep 600 &) ; i=0; while [ $i -lt 100 ]; do grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null || { echo none; "
                + "break; }; sleep 0.05; i=$((i+1)); done"
        );

        var (code, output) = await supervisor.EndAsync();

        Assert.Equal(0, code);
        Assert.EndsWith("none\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_option_is_a_usage_error_and_two_dashes_end_options()
    {
        using var wrong = new SupervisorProcess().Start("--frobnicate");
        using var right = new SupervisorProcess().Start("--", "echo", "-n", "x");

        Assert.Equal(2, (await wrong.EndAsync()).Code);
        Assert.Equal((0, "x"), await right.EndAsync());
    }

    internal static string[] PidNamespace()
    {
        using var probe = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("unshare", ["-r", "-p", "-f", "--mount-proc", "true"]) { RedirectStandardError = true }
        );
        probe!.WaitForExit();
        if (probe.ExitCode != 0)
        {
            Assert.Skip("unshare cannot make user and process namespaces here");
        }

        return ["unshare", "-r", "-p", "-f", "--kill-child", "--mount-proc"];
    }
}
