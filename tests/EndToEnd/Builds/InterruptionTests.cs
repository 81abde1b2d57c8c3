using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Bad luck: killed while it builds, started twice at once.</summary>
public sealed class InterruptionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_any_moment_of_up_the_next_build_finishes_the_work_and_the_store_is_sound()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("interrupted");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        // A fixed seed: a failure can be repeated. Moments are counted in files that appear in a part of the store, not in time.
        var random = new Random(20260101);
        var moments = new Moment[] { new("build", 1), new("oci/blobs", random.Next(2, 5)), new("layers", random.Next(1, 3)) };
        var told = new List<string>();

        foreach (var moment in moments)
        {
            told.Add(await moment.KillAtAsync(store, project, ["up", "--progress", "plain"], Cancellation));
            var check = await store.RunAsync(project, ["check"], Cancellation);
            Assert.True(check.ExitCode == 0, $"{string.Join('\n', told)}\n{check.Transcript}");
        }

        var built = await store.RunAsync(project, ["build"], Cancellation);
        Assert.True(built.ExitCode == 0, $"{string.Join('\n', told)}\n{built.Transcript}");
        (await store.RunAsync(project, ["check"], Cancellation)).Succeeded().Printed("the store is sound");
        (await store.RunAsync(project, ["run", "--rm", "interrupted", "python3", "-c", "print(6 * 7)"], Cancellation))
            .Succeeded()
            .Printed("42");
        Assert.True(told.Count(text => text.StartsWith("killed", StringComparison.Ordinal)) >= 2, string.Join('\n', told));

        // Two at once, on what is there: one environment, and both say how to get in. A round that ended before its kill left one running.
        await store.RunAsync(project, ["down"], Cancellation);
        var both = await Task.WhenAll(
            store.RunAsync(project, ["up", "--json"], Cancellation),
            store.RunAsync(project, ["up", "--json"], Cancellation)
        );
        var ids = both.Select(up => Environment.UpReport.Read(up.Succeeded().Output).Text("id")).Distinct();
        Assert.Single(ids);
        Assert.Single(both, up => !Environment.UpReport.Read(up.Output).AlreadyRunning);
        (await store.RunAsync(project, ["down"], Cancellation)).Succeeded();
    }
}
