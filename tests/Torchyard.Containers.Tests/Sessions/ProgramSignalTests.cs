using Torchyard.Containers.Sessions;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Tests.Sessions;

/// <summary>Whether a signal would reach a first process.</summary>
public sealed class ProgramSignalTests
{
    [Theory]
    [InlineData("SigBlk:\t0000000000004000", true)]
    [InlineData("SigIgn:\t0000000000004000", true)]
    [InlineData("SigCgt:\t0000000000004002", true)]
    [InlineData("SigPnd:\t0000000000004000", false)]
    [InlineData("SigCgt:\t0000000000000002", false)]
    [InlineData("SigCgt:", false)]
    [InlineData("", false)]
    public void A_mask_that_names_it_takes_it(string line, bool takes) =>
        Assert.Equal(
            takes,
            ProgramSignal.Takes(
                [
                    ["Name:\tsleep", line],
                ],
                15
            )
        );

    [Fact]
    public void One_thread_that_does_not_block_it_would_lose_it()
    {
        string[] blocks = ["SigBlk:\t0000000000004000"];
        string[] open = ["SigBlk:\t0000000000000000"];

        Assert.True(ProgramSignal.Takes([blocks, blocks], 15));
        Assert.False(ProgramSignal.Takes([blocks, open], 15));
    }

    [Theory]
    [InlineData("/usr/bin/crun", true)]
    [InlineData("/usr/sbin/runc", true)]
    [InlineData("/usr/bin/crun (deleted)", true)]
    [InlineData("/memfd:runc_cloned:/proc/self/exe (deleted)", true)]
    [InlineData("/usr/bin/truncate", false)]
    [InlineData("/usr/lib/torchyard/supervisor", false)]
    [InlineData("", false)]
    public void A_runtime_is_known_by_its_whole_name(string executable, bool isRuntime) =>
        Assert.Equal(isRuntime, ProgramSignal.IsRuntime(executable));

    [Theory]
    [InlineData("block(); thread()", true)]
    [InlineData("thread(); block()", false)]
    [InlineData("thread(); signal.signal(signal.SIGTERM, lambda *_: None)", true)]
    public async Task A_thread_that_began_before_the_signal_was_blocked_would_take_it(string begin, bool takes)
    {
        Assert.SkipWhen(HostProgram.Find("python3") is null, "needs python3");
        var start = HostProcess.Prepare(
            HostProgram.Require("python3"),
            "/",
            "-c",
            $"""
            import signal, sys, threading
            def block(): signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            def thread(): threading.Thread(target=threading.Event().wait, daemon=True).start()
            {begin}
            print("ready", flush=True)
            sys.stdin.read()
            """
        );
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        using var process = HostProcess.Start(start);
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        Assert.Equal(takes, ProgramSignal.Takes(process.Id, 15));

        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_process_that_is_gone_takes_nothing() => Assert.False(ProgramSignal.Takes(int.MaxValue, 15));
}
