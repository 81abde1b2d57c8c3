using Torchyard.Jobs.Logs;

namespace Torchyard.Jobs.Tests.Logs;

public sealed class JobLogTests
{
    [Fact]
    public async Task The_first_rank_that_failed_is_found_with_its_last_lines()
    {
        var log = await ReadAsync(
            """
            torchyard: 2026-11-30T23:56:42Z started attempt=0 nodes=gn1,gn2 master=127.0.0.1:61003 image=sha256:3c
            [3] rank 3 of 4
            [2] rank 2 of 4
            [3] bad
            torchyard: 2026-11-30T23:56:44Z failed rank=3 node=gn2 status=7
            [2] died of it
            torchyard: 2026-11-30T23:56:45Z failed rank=2 node=gn2 status=143
            torchyard: 2026-11-30T23:56:45Z ended status=143 reason=failure
            """
        );
        Assert.Equal((3, "gn2", 7), (log.Failure!.Rank, log.Failure.Node, log.Failure.Status));
        Assert.Equal(["rank 3 of 4", "bad"], log.Failure.LastLines);
        Assert.Equal(["started", "failed", "failed", "ended"], log.Events.Select(found => found.What));
        Assert.Equal("gn1,gn2", log.Events[0].Values["nodes"]);
    }

    [Fact]
    public async Task A_node_without_the_image_is_named_with_its_reason()
    {
        var log = await ReadAsync(
            """
            torchyard: 2026-11-30T23:56:42Z started attempt=0 nodes=gn1,gn2
            torchyard: 2026-11-30T23:56:44Z node=gn2 failed reason=image: small (sha256:3c) is not in this node's store; push it
            torchyard: 2026-11-30T23:56:45Z ended status=1 reason=image
            """
        );
        Assert.Equal(
            (null, "gn2", "image: small (sha256:3c) is not in this node's store; push it"),
            (log.Failure!.Rank, log.Failure.Node, log.Failure.Reason)
        );
    }

    [Fact]
    public async Task What_failed_before_a_restart_is_past()
    {
        var log = await ReadAsync(
            """
            torchyard: 2026-11-30T23:56:44Z failed rank=3 node=gn2 status=7
            torchyard: 2026-11-30T23:56:45Z restarted reason=failure status=7 number=1 of=3 pause=10s
            [3] fine
            torchyard: 2026-11-30T23:57:45Z ended status=0
            """
        );
        Assert.Null(log.Failure);
    }

    [Fact]
    public async Task The_root_cause_of_torchrun_is_the_first_failure()
    {
        // As torch 2.9 prints it (ChildFailedError.format_msg).
        var log = await ReadAsync(
            """
            [0] step 1
            [1] ZeroDivisionError
            ============================================================
            train.py FAILED
            ------------------------------------------------------------
            Failures:
              <NO_OTHER_FAILURES>
            ------------------------------------------------------------
            Root Cause (first observed failure):
            [0]:
              time      : 2026-11-30_23:56:44
              host      : gn2
              rank      : 1 (local_rank: 1)
              exitcode  : -9 (pid: 4711)
              error_file: <N/A>
              traceback : Signal 9 (SIGKILL) received by PID 4711
            ============================================================
            torchyard: 2026-11-30T23:56:46Z failed node=gn2 status=1
            """
        );
        Assert.Equal((1, "gn2", -9), (log.Failure!.Rank, log.Failure.Node, log.Failure.Status));
        Assert.Equal(["ZeroDivisionError"], log.Failure.LastLines);
    }

    [Theory]
    [InlineData("torchyard: not an event")]
    [InlineData("torchyard: 2026-11-30T23:56:46Z ")]
    [InlineData("[1] torchyard: 2026-11-30T23:56:46Z ended status=0")]
    public void A_program_cannot_be_taken_for_the_script(string line) => Assert.Null(JobEvent.Of(line));

    private static Task<JobLog> ReadAsync(string text) => JobLog.ReadAsync(new StringReader(text), TestContext.Current.CancellationToken);
}
