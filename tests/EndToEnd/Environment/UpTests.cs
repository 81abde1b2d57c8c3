using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Environment;

[Collection(RunningEnvironmentTests.Name)]
public sealed class UpTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_report_says_how_to_get_in_what_is_kept_and_what_it_may_use()
    {
        var report = environment.Report;

        Assert.True(report.Jupyter.IsLoopback, report.Text("jupyter"));
        Assert.True(report.Token.Length >= 32, "the token is short");
        Assert.Equal("ssh", report.Ssh[0]);
        Assert.Equal("trainer@127.0.0.1", report.Ssh[^1]);
        var mounts = report
            .Json.GetProperty("mounts")
            .EnumerateArray()
            .ToDictionary(mount => mount.GetProperty("target").GetString()!, mount => mount.GetProperty("source").GetString()!);
        Assert.Equal(environment.Project, mounts["/workspace"]);
        Assert.Equal(Path.Combine(environment.Project, "data"), mounts["/workspace/data"]);
        Assert.Equal(Path.Combine(environment.Project, "checkpoints"), mounts["/workspace/checkpoints"]);
        foreach (var limit in new[] { "memory", "cpus", "shared_memory", "processes" })
        {
            Assert.True(report.Json.GetProperty(limit).GetDouble() > 0, report.Json.ToString());
        }
    }

    [Fact]
    public async Task The_panel_shows_the_same_to_people_when_up_finds_it_running()
    {
        var report = environment.Report;

        var panel = await environment.Store.RunAsync(environment.Project, ["up"], Cancellation);

        panel
            .Succeeded()
            .Printed($"{report.Name} is running")
            .Printed(report.Text("jupyter"))
            .Printed($"ssh -F {report.Text("ssh_config")} {report.Text("ssh_host")}")
            .Printed(environment.Project)
            .Printed("/workspace/checkpoints")
            .Printed("/dev/shm")
            .Printed("torchyard down");
    }

    [Fact]
    public async Task A_second_up_finds_the_same_container()
    {
        var id = environment.Report.Text("id");

        var second = await environment.UpAsync(Cancellation);

        Assert.True(second.AlreadyRunning, second.Json.ToString());
        Assert.Equal(id, second.Text("id"));
    }

    [Fact]
    public async Task State_and_host_keys_survive_recreate_and_down()
    {
        var first = environment.Report;
        var hostKeys = await HostKeysAsync();
        (await environment.ExecAsync(Cancellation, "sh", "-c", "echo kept > ~/kept; echo lost > /tmp/lost")).Succeeded();

        var recreated = await environment.UpAsync(Cancellation, "--recreate");
        Assert.NotEqual(first.Text("id"), recreated.Text("id"));
        Assert.False(recreated.AlreadyRunning);
        Assert.Equal(hostKeys, await HostKeysAsync());

        (await environment.Store.RunAsync(environment.Project, ["down"], Cancellation)).Succeeded();
        var none = await environment.Store.RunAsync(environment.Project, ["ps", "--json"], Cancellation);
        Assert.DoesNotContain(recreated.Text("id"), none.Succeeded().Output, StringComparison.Ordinal);
        await environment.UpAsync(Cancellation);

        Assert.Equal(hostKeys, await HostKeysAsync());
        (await environment.ExecAsync(Cancellation, "sh", "-c", "cat ~/kept; test ! -e /tmp/lost")).Succeeded().Printed("kept");
    }

    private async Task<string> HostKeysAsync()
    {
        var scan = await HostProgram.RunAsync(
            HostProgram.Require("ssh-keyscan"),
            ["-p", environment.Report.SshPort, "127.0.0.1"],
            Cancellation
        );
        var keys = scan.Succeeded()
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            // Without the address: a free port is another one after each start.
            .Select(line => line[line.IndexOf(' ', StringComparison.Ordinal)..])
            .Order(StringComparer.Ordinal);
        Assert.True(keys.Any(), scan.Transcript);
        return string.Join('\n', keys);
    }
}
