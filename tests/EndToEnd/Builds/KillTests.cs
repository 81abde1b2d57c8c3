using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Rounds of kill -9 at random moments of every verb; bench/kill/README.md says what has to hold after each.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task Killed_at_random_moments_nothing_is_lost_and_nothing_is_left()
    {
        var cancellation = TestContext.Current.CancellationToken;
        HostProgram.Require("python3");
        await using var store = await TestStore.RequireAsync(cancellation);
        var seed = await SeedAsync(store, cancellation);
        var rounds = System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is { Length: > 0 } ? "1000" : "12";

        var result = await HostProgram.RunAsync(
            SourceTree.At("bench/kill/run"),
            ["--seed", "13", "--seed-store", seed, "--rounds", rounds],
            cancellation,
            environment: new Dictionary<string, string> { ["TORCHYARD_PROGRAM"] = TestStore.Program },
            patience: TimeSpan.FromHours(12)
        );

        Assert.Contains(" 0 with problems;", result.Succeeded().Error, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(result.Error);
    }

    // What the rounds need and no more: each of them checks every package of its store twice.
    private static async Task<string> SeedAsync(TestStore store, CancellationToken cancellation)
    {
        var project = store.NewProject("killed");
        await File.WriteAllTextAsync(
            Path.Combine(project, "torchyard.toml"),
            "name = \"killed\"\npackages = [\"bash\", \"python3\", \"tree\", \"bsdextrautils\"]\n[base]\nsuite = \"trixie\"\n",
            cancellation
        );
        (await store.RunAsync(project, ["lock"], cancellation)).Succeeded();
        await store.FetchAsync(project, cancellation);
        var seed = store.NewProject("seed");
        store.CopyPackages(project, seed);
        (
            await HostProgram.RunAsync("cp", ["-r", Path.Combine(store.Store, "indexes"), Path.Combine(seed, "indexes")], cancellation)
        ).Succeeded();
        return seed;
    }
}
