using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Jobs.Tests.Slurm;

/// <summary>Answers were recorded from Slurm 22.05.8.</summary>
public sealed class SlurmClientTests
{
    private const string Job =
        "JobId=2 JobName=wrap me UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901758 Nice=0 Account=(null) QOS=(null) "
        + "JobState=PENDING Reason=Resources Dependency=(null) Requeue=1 Restarts=3 BatchFlag=1 Reboot=0 ExitCode=7:0 RunTime=00:01:00 "
        + "TimeLimit=01:00:00 TimeMin=N/A StartTime=Unknown EndTime=Unknown Partition=gpu AllocNode:Sid=localhost:23646 NodeList= "
        + "NumNodes=2-2 CPUs/Task=1 ReqB:S:C:T=0:0:*:* WorkDir=/tmp/my dir Comment=torchyard:sha256:ab  StdErr=/tmp/a=b/2.out "
        + "StdIn=/dev/null StdOut=/tmp/my dir/2.out Power= ";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_read_with_the_spaces_of_its_names()
    {
        var job = Assert.Single(await Client(new CommandResult(0, Job + "\n", "")).ShowAsync("2", Cancellation));
        Assert.Equal(
            ("wrap me", "PENDING", "Resources", 3, 7, "/tmp/my dir/2.out", "sha256:ab", (string?)null, ""),
            (job.Name, job.State, job.Reason, job.Restarts, job.ExitStatus, job.Log, job.Image, job.Start, job.NodeList)
        );
        Assert.True(job.IsOpen);
    }

    [Fact]
    public async Task The_queue_tells_the_place_and_the_reason()
    {
        const string Queue =
            "7|PENDING|me|gpu|2|gres:gpu:h100:4|0:00|1:00:00|50|N/A|(Resources)|a|b\n"
            + "8|PENDING|me|gpu|1|N/A|0:00|1:00:00|90|2026-11-30T23:53:22|(Priority)|second\n"
            + "5|RUNNING|me|gpu|2|N/A|5:00|1:00:00|10|2026-11-30T23:53:22|gn[1-2]|first\n";
        var jobs = await Client(new CommandResult(0, Queue, "")).QueueAsync(false, Cancellation);
        Assert.Equal(
            [("7", "a|b", 2, "Resources", ""), ("8", "second", 1, "Priority", ""), ("5", "first", null, "", "gn[1-2]")],
            jobs.Select(job => (job.Id, job.Name, job.Position, job.Reason, job.NodeList))
        );
    }

    [Fact]
    public async Task A_thousand_jobs_are_read_at_once()
    {
        var lines = Enumerable.Range(1, 1000).Select(i => $"{i}|PENDING|me|gpu|2|N/A|0:00|1:00:00|{i}|N/A|(Priority)|job {i}\n");
        var jobs = await Client(new CommandResult(0, string.Concat(lines), "")).QueueAsync(true, Cancellation);
        Assert.Equal((1000, 1000, 1), (jobs.Count, jobs[0].Position, jobs[^1].Position));
    }

    [Fact]
    public async Task A_job_that_Slurm_forgot_is_told_from_a_Slurm_that_does_not_answer()
    {
        Assert.Equal("TY7006", await CodeAsync("slurm_load_jobs error: Invalid job id specified"));
        Assert.Equal("TY7003", await CodeAsync("slurm_load_jobs error: Unable to contact slurm controller (connect failure)"));

        static async Task<string> CodeAsync(string error) =>
            (
                await Assert.ThrowsAsync<TorchyardException>(() =>
                    Client(new CommandResult(1, "", error)).ShowAsync("9", TestContext.Current.CancellationToken)
                )
            ).Code;
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("1;id")]
    [InlineData("")]
    [InlineData("train")]
    public void What_is_not_an_id_does_not_reach_Slurm(string id) =>
        Assert.Equal("TY7006", Assert.Throws<TorchyardException>(() => SlurmClient.RequireId(id)).Code);

    [Fact]
    public async Task What_sbatch_refuses_is_told_in_its_words()
    {
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            Client(new CommandResult(1, "", "sbatch: error: invalid account\n")).SubmitAsync("#!/bin/bash\n", "/", Cancellation)
        );
        Assert.Equal("Slurm refuses the job: sbatch: error: invalid account", refusal.Message);
        Assert.Equal("17", await Client(new CommandResult(0, "17;cluster\n", "")).SubmitAsync("", "/", Cancellation));
    }

    private static SlurmClient Client(CommandResult answer) => new((_, _, _, _, _) => Task.FromResult(answer));
}
