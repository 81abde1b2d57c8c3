namespace Torchyard.EndToEnd.Streams;

/// <summary>
/// Mistakes of a caller are told in the caller's own terms: what was written, what is wrong with it, what to write instead.
/// </summary>
[Collection(SmallContainerTests.Name)]
public sealed class CallerMistakeTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("TY4034", "is a symbolic link to /nonexistent/place, which does not exist", "ty run --rm -v ./dangling:/m $SMALL true")]
    [InlineData(
        "TY4034",
        "is a symbolic link to /nonexistent/place, which does not exist",
        "ty run --rm -v ./dangling/below:/m $SMALL true"
    )]
    [InlineData("TY4034", "/f is a file and no directory", "ty run --rm -v ./f/x:/m $SMALL true")]
    [InlineData("TY4093", "/opt", "ty run --rm -v ./f:/opt $SMALL true")]
    [InlineData("TY4093", "/etc/passwd", "ty run --rm -v ./d:/etc/passwd $SMALL true")]
    [InlineData("TY4089", "/dev/null", "ty run --rm -v ./f:/dev/null $SMALL true")]
    [InlineData("TY4089", "/sys/fs/cgroup", "ty run --rm -v ./d:/sys/fs/cgroup $SMALL true")]
    [InlineData("TY4067", "/etc/passwd, which is a file", "ty run --rm -w /etc/passwd $SMALL true")]
    [InlineData("TY4067", "/etc/passwd, which is a file", "ty exec -w /etc/passwd $KEPT true")]
    [InlineData("TY4067", "/nope, which is not there", "ty exec -w /nope $KEPT true")]
    [InlineData("TY4066", "has 70 letters", "ty run --rm --network private -h $(printf 'a%.0s' $(seq 70)) $SMALL true")]
    [InlineData("TY4063", "CPUs 999 are not available, available: 0", "ty run --rm --cpuset-cpus 999 $SMALL true")]
    [InlineData("TY4068", "the variable BIG has 200", "printf 'BIG=%0200000d' 1 > env; ty run --rm --env-file env $SMALL true")]
    [InlineData("TY4062", "is a directory", "ty run --rm --env-file . $SMALL true")]
    [InlineData(
        "TY4065",
        "env, line 2: 'export' belongs to shell scripts",
        "printf 'A=1\\nexport B=2\\n' > env; ty run --rm --env-file env $SMALL true"
    )]
    [InlineData("TY9032", "is not UTF-8", "ty run --rm -e $'F=\\xff' $SMALL true")]
    [InlineData("TY9032", "the variable F is not UTF-8", "F=$'\\xff' ty run --rm -e F $SMALL true")]
    [InlineData("TY4040", "did you mean 'kept'?", "ty exec kpt true")]
    [InlineData("TY3010", "did you mean 'small'?", "ty run --rm smal true")]
    [InlineData("TY3010", "'torchyard build cpu' makes it", "ty run --rm cpu true")]
    public async Task It_ends_with_125_and_says_what_is_wrong(string code, string words, string script)
    {
        var run = await small.ScriptAsync(
            "touch f; mkdir d; ln -s /nonexistent/place dangling; " + script,
            small.NewDirectory(),
            Cancellation
        );

        Assert.StartsWith($"error {code}: ", run.Ended(125).Error, StringComparison.Ordinal);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("doctor", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("{\"", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.False(Directory.Exists("/nonexistent"));
    }

    [Theory]
    [InlineData("ty run --rm -v ./noshebang:/x --entrypoint /x $SMALL", 126)]
    [InlineData("ty run --network private --rm -v ./noshebang:/x --entrypoint /x $SMALL", 126)]
    [InlineData("ty run --rm -v ./nointerpreter:/x --entrypoint /x $SMALL", 127)]
    [InlineData("ty exec $KEPT /tmp/noshebang", 126)]
    [InlineData("ty exec $KEPT /tmp", 126)]
    [InlineData("ty exec $KEPT nothing-here", 127)]
    public async Task A_program_that_does_not_start_is_told_once_and_in_words(string script, int status)
    {
        var run = await small.ScriptAsync(
            "printf 'echo hi\\n' > noshebang; printf '#!/no/such\\n' > nointerpreter; chmod +x no*; "
                + "ty exec $KEPT sh -c 'printf \"echo hi\\n\" > /tmp/noshebang; chmod +x /tmp/noshebang'; "
                + script,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("", run.Ended(status).Output);
        var lines = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith($"error TY404{(status == 126 ? 2 : 1)}: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("  cure: ", lines[1], StringComparison.Ordinal);
        Assert.Equal(2, lines.Length);
        Assert.DoesNotContain("{\"", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_runtime_said_is_shown_to_who_asks()
    {
        var run = await small.ScriptAsync("ty --verbose exec $KEPT nothing-here", "/", Cancellation);

        Assert.Contains("executable file", run.Ended(127).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_on_processes_that_was_reached_is_told()
    {
        var run = await small.ScriptAsync("ty run --rm --pids-limit 1 $SMALL true", "/", Cancellation);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("--pids-limit", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ty run --rm -w '' $SMALL true")]
    [InlineData("ty run --rm -u '' $SMALL true")]
    [InlineData("ty run --rm -h '' $SMALL true")]
    [InlineData("ty run --rm -v /dev/null:/etc/motd $SMALL true")]
    public async Task What_is_empty_is_the_default(string script) =>
        Assert.Equal("", (await small.ScriptAsync(script, "/", Cancellation)).Succeeded().Error);

    [Fact]
    public async Task A_tilde_that_no_shell_replaced_is_the_home_directory()
    {
        var run = await small.ScriptAsync(
            "export HOME=$PWD/home; mkdir -p home/x; echo found > home/x/f; ty run --rm -v '~/x:/x' $SMALL cat /x/f; ls",
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("found\nhome\n", run.Succeeded().Output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    public async Task Ps_fits_80_columns_and_keeps_the_status(string option)
    {
        var name = $"ended-{Guid.NewGuid().ToString("N")[..8]}";
        (await small.ScriptAsync($"ty run -d --name {name} $SMALL sh -c 'exit 3'; ty wait {name}", "/", Cancellation)).Succeeded();
        using var terminal = small.OnTerminal($"ty ps {option}; echo over", "/");
        var screen = await terminal.ShowsAsync("over", Cancellation);
        await small.ScriptAsync($"ty rm {name}", "/", Cancellation);

        var lines = screen
            .Split('\n')
            .Where(line =>
                line.Contains("STATUS", StringComparison.Ordinal)
                || line.Contains(SmallContainer.Container, StringComparison.Ordinal)
                || line.Contains("Exited", StringComparison.Ordinal)
            )
            .ToList();
        Assert.Contains("STATUS", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("Up ", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.True(line.TrimEnd('\r').Length <= 80, line));
        Assert.True(
            option.Length == 0
                || lines.Exists(line =>
                    line.Contains("Exited (3) ", StringComparison.Ordinal) && line.Contains(" ago", StringComparison.Ordinal)
                ),
            screen
        );
    }

    [Theory]
    [InlineData("ty up minimal")]
    [InlineData("ty up")]
    public async Task Up_does_not_take_a_home_directory_for_a_project(string script)
    {
        var run = await small.ScriptAsync($"export HOME=$PWD; {script}; echo $?; cd /; {script}", small.NewDirectory(), Cancellation);

        Assert.Equal("2\n", run.Ended(2).Output);
        Assert.Equal(2, run.Error.Split("error TY4119: ").Length - 1);
    }
}
