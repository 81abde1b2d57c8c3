using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>A machine that has neither crun nor runc.</summary>
public sealed class FetchedRuntimeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_crun_and_runc_crun_comes_from_Debian_and_builds_and_runs()
    {
        Requires.Root("hiding the machine's crun and runc needs root");
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("bare");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();

        var built = (await HiddenAsync("build")).Succeeded();
        var run = (await HiddenAsync("run", "--rm", "bare", "bash", "-c", "echo $((6 * 7))")).Succeeded().Printed("42");

        Assert.Contains("Neither crun nor runc is on this machine", built.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("fetching", run.Error, StringComparison.Ordinal);
        (await store.RunAsync(project, ["check"], Cancellation)).Succeeded().Printed("the store is sound");

        // In a mount namespace of its own, a file that cannot be executed lies over each.
        Task<ProgramOutput> HiddenAsync(params string[] arguments) =>
            HostProgram.RunAsync(
                HostProgram.Require("unshare"),
                [
                    "--mount",
                    "sh",
                    "-c",
                    "for name in crun runc; do for place in /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do "
                        + "[ ! -e $place/$name ] || mount --bind /dev/null $place/$name; done; done; exec \"$@\"",
                    "sh",
                    TestStore.Program,
                    .. arguments,
                ],
                Cancellation,
                project,
                store.Variables()
            );
    }
}
