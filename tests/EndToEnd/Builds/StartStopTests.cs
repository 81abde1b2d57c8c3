using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Bad luck while environments start and stop, and a port that somebody else has.</summary>
public sealed class StartStopTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_any_moment_of_start_and_stop_the_next_command_finishes_the_work()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        await PresetLayers.LinkAsync("minimal", store, Cancellation);
        var project = store.NewProject("restless");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["build"], Cancellation)).Succeeded();
        File.WriteAllText(Path.Combine(project, "work.txt"), "the user's");
        var told = new List<string>();

        // Making the container's directory, its record, its mounts; then what up writes when it runs.
        foreach (var count in new[] { 1, 4, 9, 14 })
        {
            told.Add(await new Moment("containers", count).KillAtAsync(store, project, ["up", "--json"], Cancellation));
            (await store.RunAsync(project, ["ps", "-a"], Cancellation)).Succeeded();
            var up = await store.RunAsync(project, ["up", "--json"], Cancellation);
            Assert.True(up.ExitCode == 0, $"{string.Join('\n', told)}\n{up.Transcript}");
            var name = UpReport.Read(up.Output).Name;
            (await store.RunAsync(project, ["exec", name, "cat", "/workspace/work.txt"], Cancellation)).Succeeded().Printed("the user's");

            told.Add(await new Moment("containers", 1 + count / 4).KillAtAsync(store, project, ["down"], Cancellation));
            var down = await store.RunAsync(project, ["down"], Cancellation);
            Assert.True(down.ExitCode == 0, $"{string.Join('\n', told)}\n{down.Transcript}");
            var left = await store.RunAsync(project, ["ps", "-a", "--json"], Cancellation);
            Assert.True(left.Succeeded().Output.Trim() == "[]", $"{string.Join('\n', told)}\n{left.Transcript}");
        }

        Assert.True(told.Count(text => text.StartsWith("killed", StringComparison.Ordinal)) >= 4, string.Join('\n', told));
        (await store.RunAsync(project, ["check"], Cancellation)).Succeeded().Printed("the store is sound");

        // A port that somebody has.
        using var other = LoopbackPort.Taken(out var port);
        var refused = (await store.RunAsync(project, ["run", "--rm", "-p", $"{port}:80", "restless", "true"], Cancellation)).Ended(125);
        Assert.Contains($"error TY4050: port {port} on 127.0.0.1 is in use by ", refused.Error, StringComparison.Ordinal);
        Assert.Contains("cure: publish another port", refused.Error, StringComparison.Ordinal);
    }
}
