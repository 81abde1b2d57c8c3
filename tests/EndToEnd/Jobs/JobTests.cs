using System.Text.Json;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Jobs;

/// <summary>Commands that a person submits to a real Slurm with two nodes.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class JobTests(SmallContainer small) : IAsyncLifetime
{
    private SlurmCluster? _cluster;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private SlurmCluster Cluster => _cluster!;

    public async ValueTask InitializeAsync()
    {
        _ = small.Store;
        _cluster = await SlurmCluster.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task Ranks_of_two_nodes_know_each_other_and_run_in_one_container_a_node()
    {
        const string Program = "echo $RANK of $WORLD_SIZE, $LOCAL_RANK on $SLURMD_NODENAME $NODE_RANK, $MASTER_ADDR:${MASTER_PORT:+port}";
        var ended = await SubmitAsync("-N 2 --ranks-per-node 2 -- sh -c \"$PROGRAM\"", follow: true, ("PROGRAM", Program));
        var lines = ended.Output.Split('\n').Where(line => line.StartsWith('[')).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(
            [
                "[0] 0 of 4, 0 on gn1 0, 127.0.0.1:port",
                "[1] 1 of 4, 1 on gn1 0, 127.0.0.1:port",
                "[2] 2 of 4, 0 on gn2 1, 127.0.0.1:port",
                "[3] 3 of 4, 1 on gn2 1, 127.0.0.1:port",
            ],
            lines
        );
        ended.Printed("ended status=0");
    }

    [Fact]
    public async Task What_is_set_already_stays()
    {
        var ended = await SubmitAsync("-e MASTER_PORT=4711 -e WORLD_SIZE=9 -- sh -c 'echo $MASTER_PORT $WORLD_SIZE'", follow: true);
        ended.Printed("[0] 4711 9\n");
    }

    [Fact]
    public async Task The_first_rank_that_failed_is_shown_first()
    {
        var job = await IdAsync("-N 2 --ranks-per-node 2 -- sh -c 'echo works; [ $RANK != 3 ] && exec sleep 600; echo bad; exit 7'");
        await TyAsync($"logs -f --job {job}");
        var shown = await TyAsync($"jobs show {job}");
        Assert.StartsWith("failed first: rank 3 on gn2, exit status 7", shown.Output, StringComparison.Ordinal);
        shown.Printed("  works\n  bad\n");
        using var json = JsonDocument.Parse((await TyAsync($"jobs show --json {job}")).Output);
        Assert.Equal(7, json.RootElement[0].GetProperty("failure").GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task A_program_is_started_again_so_often_as_was_allowed()
    {
        var ended = await SubmitAsync("--max-restarts 1 -- sh -c 'echo x >> tries; exit $((2 - $(wc -l < tries)))'", follow: true);
        ended.Printed("restarted reason=failure status=1 number=1 of=1").Printed("ended status=0");
    }

    [Fact]
    public async Task A_program_that_is_warned_writes_its_state_and_the_job_is_queued_again()
    {
        const string Program =
            "trap 'echo saved > state; exit 3' USR2; [ -e state ] && echo went on && exit 0; touch begun; while :; do sleep 0.1; done";
        var directory = small.NewDirectory();
        var job = await IdAsync("-- sh -c \"$PROGRAM\"", directory, ("PROGRAM", Program));
        await Until.TrueAsync(() => Task.FromResult(File.Exists(Path.Combine(directory, "begun"))), "the program runs", Cancellation);
        (await Cluster.RunAsync("scancel", ["--batch", "--signal=USR2", job], Cancellation)).Succeeded();
        // Slurm lets a requeued job wait for two minutes.
        await Until.TrueAsync(() => StartsAsync(job), "the job waits", Cancellation);
        var log = (await TyAsync($"logs -f --job {job}"))
            .Printed("requeued reason=time-limit")
            .Printed("went on")
            .Printed("ended status=0");
        // Said by a shell whose child died of the signal: what a program starts, such as a loader process, must not get it.
        Assert.DoesNotContain("User defined signal", log.Output, StringComparison.Ordinal);
        (await TyAsync($"jobs show {job}")).Printed("time-limit");
    }

    [Fact]
    public async Task A_cancelled_job_leaves_no_container()
    {
        var directory = small.NewDirectory();
        var job = await IdAsync("-N 2 -- sh -c 'touch begun-$NODE_RANK; exec sleep 600'", directory);
        await Until.TrueAsync(() => Task.FromResult(Directory.GetFiles(directory, "begun-*").Length == 2), "both nodes run", Cancellation);
        (await TyAsync($"exec --job {job} --node gn2 sh -c 'echo inside $NODE_RANK'")).Succeeded();
        (await TyAsync("jobs")).Printed("gn[1-2]");
        (await TyAsync($"stop --job {job}")).Succeeded();
        (await TyAsync($"logs -f --job {job}")).Printed("reason=cancelled");
        await TyAsync($"jobs cleanup {job}");
        (await TyAsync($"jobs cleanup {job}")).Succeeded();
        Assert.DoesNotContain($"job-{job}", (await TyAsync("ps -a")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_without_the_image_is_named()
    {
        var directory = small.NewDirectory();
        var program = Path.Combine(directory, "ty");
        await File.WriteAllTextAsync(
            program,
            "#!/bin/bash\n[ \"$SLURMD_NODENAME\" = gn2 ] && set -- \"${@//$TORCHYARD_STORE/$PWD/other}\"\n"
                + $"exec {TestStore.Program} \"$@\"\n",
            Cancellation
        );
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var job = await IdAsync($"-N 2 --program {program} -- true", directory);
        (await TyAsync($"logs -f --job {job}")).Printed("node=gn2 failed reason=image: small").Printed("ended status=1 reason=image");
        (await TyAsync($"jobs show {job}")).Printed("failed first: gn2, image: small");
    }

    [Fact]
    public async Task What_the_cluster_does_not_have_is_refused_at_once()
    {
        (await TyAsync("submit --image small --partition nosuch -- true")).Ended(2).Reported("name one of: gpu");
        (await TyAsync("submit --image small --gpus-per-node 8 -- true")).Ended(2).Reported("h100:4");
        (await TyAsync("submit --image small --time 2:00:00 -- true")).Ended(2).Reported("60 minutes");
        (await TyAsync("submit --image small --sbatch=--account=nosuch --sbatch=--bogus -- true")).Ended(1).Reported("TY7003");
    }

    [Fact]
    public async Task A_job_goes_on_when_a_node_was_lost()
    {
        // Slurm decides when a lost node may have a job again, which took more than ten minutes once.
        Assert.SkipUnless(
            System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is { Length: > 0 },
            "takes minutes; TORCHYARD_TEST_LONG=1 runs it"
        );
        var directory = small.NewDirectory();
        var job = await IdAsync("-N 2 -- sh -c 'touch begun-$NODE_RANK; [ -e again ] || exec sleep 600; echo went on'", directory);
        await Until.TrueAsync(() => Task.FromResult(Directory.GetFiles(directory, "begun-*").Length == 2), "both nodes run", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(directory, "again"), "", Cancellation);
        Cluster.Lose("gn2");
        await Until.TrueAsync(
            async () =>
                (await Cluster.RunAsync("scontrol", ["show", "job", job], Cancellation)).Output.Contains(
                    "Restarts=1",
                    StringComparison.Ordinal
                ),
            "Slurm has missed the node",
            Cancellation
        );
        Cluster.StartNode("gn2");
        await Until.TrueAsync(() => StartsAsync(job), "the job waits", Cancellation);
        (await TyAsync($"logs -f --job {job}")).Printed("went on").Printed("ended status=0");
        (await TyAsync($"jobs show {job}")).Printed("a node was lost");
    }

    /// <summary>Slurm lets a requeued job wait for two minutes; true once it waits no more.</summary>
    private async Task<bool> StartsAsync(string job) =>
        (await Cluster.RunAsync("squeue", ["-h", "-j", job, "-o", "%T"], Cancellation)).Output.Trim() == "PENDING"
        && (await Cluster.RunAsync("scontrol", ["update", "JobId=" + job, "StartTime=now"], Cancellation)).ExitCode == 0;

    private async Task<ProgramOutput> SubmitAsync(string words, bool follow, params (string, string)[] more)
    {
        var job = await IdAsync(words, null, more);
        return (await TyAsync($"logs {(follow ? "-f " : "")}--job {job}")).Succeeded();
    }

    private async Task<string> IdAsync(string words, string? directory = null, params (string, string)[] more) =>
        (
            await small.ScriptAsync(
                "ty submit --image $SMALL " + words,
                directory ?? small.NewDirectory(),
                Cancellation,
                [("SLURM_CONF", Cluster.Configuration), .. more]
            )
        )
            .Succeeded()
            .Output.Trim();

    private Task<ProgramOutput> TyAsync(string words) =>
        small.ScriptAsync("ty " + words, small.NewDirectory(), Cancellation, ("SLURM_CONF", Cluster.Configuration));
}
