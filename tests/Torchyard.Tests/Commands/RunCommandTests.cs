namespace Torchyard.Tests.Commands;

public sealed class RunCommandTests
{
    // It may be a secret.
    [Theory]
    [InlineData("run")]
    [InlineData("capture")]
    public async Task The_value_of_a_variable_whose_name_was_left_out_is_not_shown(string verb)
    {
        using var run = new CommandRun();

        await run.RunAsync(verb, "--env==hf_secret", verb == "run" ? "noimage" : ".");

        Assert.Contains("before '='", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--memory", "3x", "TY4063")]
    [InlineData("--memory", "1m", "TY4063")]
    [InlineData("--shm-size", "many", "TY4063")]
    [InlineData("--cpus", "two", "TY4063")]
    [InlineData("--cpus", "0", "TY4063")]
    [InlineData("--cpuset-cpus", "3-1", "TY4063")]
    [InlineData("--cpuset-cpus", "0,", "TY4063")]
    [InlineData("--cpuset-cpus", "-1", "TY4063")]
    [InlineData("--pids-limit", "0", "TY4063")]
    [InlineData("--pids-limit", "-5", "TY4063")]
    [InlineData("--memory", "0", "TY4063")]
    [InlineData("--memory", "-1", "TY4063")]
    [InlineData("--cpuset-cpus", "60000", "TY4063")]
    [InlineData("--stop-timeout", "-2", "TY4063")]
    [InlineData("--env", "", "TY4064")]
    [InlineData("--label", "", "TY4064")]
    [InlineData("--label", "=x", "TY4064")]
    [InlineData("--hostname", "two words", "TY4066")]
    [InlineData("--hostname", "a#b", "TY4066")]
    [InlineData("--hostname", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "TY4066")]
    [InlineData("--workdir", "relative", "TY4067")]
    [InlineData("--user", ":", "TY4033")]
    [InlineData("--user", ":1000", "TY4033")]
    [InlineData("--ulimit", "nofile", null)]
    [InlineData("--gpus", "a,,b", null)]
    [InlineData("--publish", "x:y:z", null)]
    [InlineData("--network", "lan", "TY4063")]
    [InlineData("--engine", "lxc", "TY4063")]
    [InlineData("--runtime", "youki", "TY4063")]
    [InlineData("--runtime", "nvidia", "TY4063")]
    public async Task A_mistake_in_an_option_is_told_before_a_missing_image(string option, string value, string? code)
    {
        using var run = new CommandRun();

        Assert.Equal(125, await run.RunAsync("run", $"{option}={value}", "noimage"));

        Assert.DoesNotContain("TY3010", run.Error, StringComparison.Ordinal);
        Assert.Contains(value, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("IMAGE", run.Error, StringComparison.Ordinal);
        if (code is not null)
        {
            Assert.Contains(code, run.Error, StringComparison.Ordinal);
            Assert.Contains(option, run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_one_the_missing_image_is_told()
    {
        using var run = new CommandRun();
        Assert.NotEqual(
            0,
            await run.RunAsync(
                "run",
                "--memory",
                "1g",
                "--cpus",
                "1",
                "--cpuset-cpus",
                "0",
                "--shm-size",
                "64m",
                "--pids-limit",
                "100",
                "noimage"
            )
        );
        Assert.Contains("TY3010", run.Error, StringComparison.Ordinal);
    }
}
