using System.Diagnostics;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Streams;

/// <summary>The caller's terminal: never the container's without <c>-t</c>, and a client of it always ends.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class CallerTerminalTests(SmallContainer small)
{
    // Every way to a terminal that a program has: what it was given, the one that controls its session, input pushed into one.
    private const string Search = """
        import os, fcntl, glob
        found = [f"descriptor {n}" for n in range(64) if os.path.exists(f"/proc/self/fd/{n}") and os.isatty(n)]
        for again in (False, True):
            try:
                os.open("/dev/tty", os.O_RDWR); found.append("/dev/tty")
            except OSError: pass
            if not again:
                try: os.setsid()
                except OSError: pass
        for n in (0, 1, 2):
            for name, request, argument in (("TIOCSTI", 0x5412, b"x"), ("TIOCSCTTY", 0x540E, 1)):
                try:
                    fcntl.ioctl(n, request, argument); found.append(f"{name} on {n}")
                except OSError: pass
        found += [f"open file {os.readlink(f)}" for f in glob.glob("/proc/self/fd/*") if os.path.islink(f) and not os.readlink(f).startswith(("pipe:", "/dev/null", "/proc"))]
        print("found:", found or "nothing")
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exec $KEPT", "")]
    [InlineData("exec -i $KEPT", "")]
    [InlineData("exec -u 0 $KEPT", "")]
    [InlineData("exec -i $KEPT", "> out 2>&1; cat out")]
    [InlineData("exec $KEPT", "2> /dev/null")]
    [InlineData("exec $KEPT", "< /dev/null")]
    [InlineData("run --rm $SMALL", "")]
    [InlineData("run --rm -i $SMALL", "")]
    [InlineData("run $SMALL", "")]
    public async Task Without_t_no_program_inside_gets_it(string mode, string redirection)
    {
        var directory = small.NewDirectory();
        await File.WriteAllTextAsync(Path.Combine(directory, "search.py"), Search, Cancellation);
        using var terminal = small.OnTerminal($"ty {mode} python3 -c \"$(cat search.py)\" {redirection}", directory);

        Assert.Equal(" nothing\r\n", "" + await ShownAfterAsync(terminal, "found:"));
        Assert.Equal(0, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task What_exec_leaves_behind_hears_no_key_and_shows_nothing()
    {
        var directory = small.NewDirectory();
        const string Thief =
            "(while read -r line; do echo STOLEN $line >> /tmp/stolen; done <&0 & sleep 2; echo SPOKEN; echo SPOKEN >&2) & echo ready";
        using var terminal = small.OnTerminal(
            $"ty exec -i $KEPT sh -c '{Thief}'; read -r secret; echo \"typed $secret.\"; sleep 3; ty exec $KEPT ls /tmp; echo over",
            directory
        );
        await terminal.ShowsAsync("ready", Cancellation);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation);
        terminal.Type("password\r");

        await terminal.ShowsAsync("typed password.", Cancellation);
        Assert.DoesNotContain("stolen", await terminal.ShowsAsync("over", Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("SPOKEN", terminal.Screen, StringComparison.Ordinal);
        Assert.Equal(0, await terminal.EndAsync(Cancellation));
    }

    [Theory]
    [InlineData("exec $KEPT")]
    [InlineData("exec -i $KEPT")]
    [InlineData("exec -t $KEPT")]
    public async Task Exec_ends_with_its_program_and_has_passed_on_what_that_wrote(string mode)
    {
        var watch = Stopwatch.StartNew();
        var run = await small.ScriptAsync(
            $"text=$(ty {mode} sh -c 'sleep 600 & seq 1 20000; exit 7' < /dev/null); echo \"$? $(echo \"$text\" | wc -l)\"",
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("7 20000\n", run.Output);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(2), $"it took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("run --rm -it $SMALL cat")]
    [InlineData("exec -it $KEPT cat")]
    public async Task Keys_without_a_keyboard_are_refused(string command)
    {
        var run = await small.ScriptAsync($"echo hi | ty {command}", small.NewDirectory(), Cancellation);

        Assert.Contains("TY4085: the input device is not a terminal", run.Ended(125).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task A_signal_from_outside_ends_run_and_its_program(string signal)
    {
        var name = "signalled-" + signal;
        using var terminal = small.OnTerminal(
            $"exec '{TestStore.Program}' run --rm --name {name} -it $SMALL sh -c 'echo up; exec sleep 600'",
            small.NewDirectory()
        );
        await terminal.ShowsAsync("up", Cancellation);

        (await small.ScriptAsync($"kill -{signal} $(pgrep -n -f -- '[-]-name {name} -it')", "/", Cancellation)).Succeeded();

        Assert.InRange(await terminal.EndAsync(Cancellation), 129, 143);
        Assert.DoesNotContain(name, (await small.ScriptAsync("ty ps -a", "/", Cancellation)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run --name deaf -it $SMALL", "deaf")]
    [InlineData("exec -it $KEPT", "kept")]
    public async Task A_client_ends_although_its_program_is_deaf(string mode, string name)
    {
        using var terminal = small.OnTerminal(
            $"exec '{TestStore.Program}' {mode} sh -c 'trap \"\" TERM HUP INT; echo up; while :; do sleep 1; done'",
            small.NewDirectory()
        );
        await terminal.ShowsAsync("up", Cancellation);

        (
            await small.ScriptAsync($"kill -TERM $(pgrep -n -f -- '[{mode[0]}]{mode.Split(" $")[0][1..]} .*trap')", "/", Cancellation)
        ).Succeeded();

        Assert.Equal(143, await terminal.EndAsync(Cancellation));
        Assert.Contains(
            name,
            (await small.ScriptAsync("ty ps; ty rm --force deaf >/dev/null 2>&1", "/", Cancellation)).Output,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task Exec_with_a_terminal_works_with_both_runtimes(string runtime)
    {
        HostProgram.Require(runtime);
        var name = "under-" + runtime;
        (await small.ScriptAsync($"ty run -d --runtime {runtime} --name {name} $SMALL sleep infinity", "/", Cancellation)).Succeeded();
        try
        {
            using var terminal = small.OnTerminal(
                $"ty exec -it {name} sh -c 'test -t 0 && test -t 1 && echo terminal; read -r line; echo \"got $line.\"; exit 9'",
                "/"
            );
            await terminal.ShowsAsync("terminal", Cancellation);
            terminal.Type("words\r");
            await terminal.ShowsAsync("got words.", Cancellation);

            Assert.Equal(9, await terminal.EndAsync(Cancellation));
            Assert.Contains(
                "TY4041",
                (await small.ScriptAsync($"ty exec -t {name} nothing-here", "/", Cancellation)).Ended(127).Error,
                StringComparison.Ordinal
            );
        }
        finally
        {
            await small.ScriptAsync($"ty rm --force {name}", "/", CancellationToken.None);
        }
    }

    private static async Task<string> ShownAfterAsync(Terminals.PseudoTerminal terminal, string text)
    {
        await terminal.ShowsAsync(text, Cancellation);
        return await terminal.ShowsAsync("\n", Cancellation) + "\n";
    }
}
