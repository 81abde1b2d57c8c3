using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>What <c>prune</c> frees, and says.</summary>
public sealed class PruneTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_download_that_was_ended_goes_unless_another_process_is_at_it()
    {
        await using var store = TestStore.CreateEmpty();
        var partial = Directory.CreateDirectory(Path.Combine(store.Store, "packages/partial")).FullName;
        var (left, held) = (Path.Combine(partial, new string('a', 64)), Path.Combine(partial, new string('b', 64)));
        await File.WriteAllBytesAsync(left, new byte[5_000_000], Cancellation);
        await File.WriteAllBytesAsync(held, new byte[5_000_000], Cancellation);

        var prune = $"{TestStore.Program} prune";
        var script = $"flock {partial}/bb.lock {prune} > out 2> err; cat out err; {prune}; {prune}";
        var run = await HostProgram.RunAsync("bash", ["-c", script], Cancellation, store.Root, store.Variables());

        Assert.Equal(
            """
            freed 5 MB: 0 blobs, 0 mounted layers, 1 unfinished download
            freed 5 MB: 0 blobs, 0 mounted layers, 1 unfinished download
            freed 0 B: 0 blobs, 0 mounted layers, 0 unfinished downloads

            """,
            run.Succeeded().Output
        );
    }
}
