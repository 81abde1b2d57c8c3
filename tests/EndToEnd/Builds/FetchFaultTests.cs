using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>A network and mirrors that fail or lie, and a kill in the middle of a download.</summary>
public sealed class FetchFaultTests
{
    // Its file is large enough to be cut in the middle, and nothing is built without it.
    private const string Package = "/bash_";
    private const int FirstCut = 300_000;
    private const int Stall = 700_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_download_that_was_cut_and_then_killed_goes_on_where_it_stopped()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        // Cut once, then stalled until the program is killed, then whole.
        using var mirror = new FaultyMirror(
            (path, times) =>
                !path.Contains(Package, StringComparison.Ordinal)
                    ? Fault.None
                    : times switch
                    {
                        0 => new Fault { CutAt = FirstCut },
                        1 => new Fault { StallAt = Stall },
                        _ => Fault.None,
                    }
        );
        var project = await LockAsync(store, mirror);
        store.Forget("bash", project);

        using (var build = store.Start(project, ["build"]))
        {
            await mirror.Stalled.WaitAsync(Cancellation);
            build.Kill();
            await build.WaitForExitAsync(Cancellation);
        }

        (await store.RunAsync(project, ["check"], Cancellation)).Succeeded().Printed("the store is sound");
        (await store.RunAsync(project, ["build"], Cancellation)).Succeeded();

        var from = mirror
            .Requests.Where(request => request.Path.Contains(Package, StringComparison.Ordinal))
            .Select(request => request.From)
            .ToList();
        Assert.Equal([0, FirstCut], from.Take(2));
        Assert.InRange(Assert.Single(from.Skip(2)), FirstCut, Stall);
        (await store.RunAsync(project, ["run", "--rm", "fetched", "bash", "-c", "echo $((6 * 7))"], Cancellation))
            .Succeeded()
            .Printed("42");
    }

    [Fact]
    public async Task What_a_mirror_changed_is_refused_before_anything_of_it_is_used()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var spoiled = "nothing";
        using var mirror = new FaultyMirror(
            (path, _) => path.Contains(spoiled, StringComparison.Ordinal) ? new Fault { Flip = true } : Fault.None
        );
        var project = await LockAsync(store, mirror);
        var locked = Path.Combine(project, "torchyard.lock");
        store.Forget("bash", project);

        await RefusesAsync(Package, "build", "TY2051");
        foreach (var index in Directory.GetFiles(Path.Combine(store.Store, "indexes"), "*.packages"))
        {
            File.Delete(index);
        }

        File.Delete(locked);
        await RefusesAsync("/binary-amd64/", "lock", "TY2051");
        await RefusesAsync("/trixie/InRelease", "lock", "TY2022");

        async Task RefusesAsync(string what, string verb, string code)
        {
            spoiled = what;
            var refused = (await store.RunAsync(project, [verb], Cancellation)).Ended(1);
            Assert.Contains($"error {code}", refused.Error, StringComparison.Ordinal);
            Assert.Contains("cure: ", refused.Error, StringComparison.Ordinal);
            var layers = Path.Combine(store.Store, "layers");
            Assert.False(Directory.Exists(layers) && Directory.EnumerateFileSystemEntries(layers).Any(), refused.Transcript);
            Assert.Equal(verb == "build", File.Exists(locked));
        }
    }

    private static async Task<string> LockAsync(TestStore store, FaultyMirror mirror)
    {
        var project = store.NewProject("fetched");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        var recipe = Path.Combine(project, "torchyard.toml");
        File.WriteAllText(recipe, File.ReadAllText(recipe).Replace("[base]\n", $"[base]\n{mirror.Mirrors}\n", StringComparison.Ordinal));
        (await store.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        return project;
    }
}
