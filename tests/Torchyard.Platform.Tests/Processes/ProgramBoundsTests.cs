using System.Diagnostics;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Tests.Processes;

/// <summary>A program of somebody else is never waited for without end, nor is all kept that it prints.</summary>
public sealed class ProgramBoundsTests
{
    private static readonly ProgramBounds Small = ProgramBounds.Of(TimeSpan.FromSeconds(1), 1 << 20);

    // Much sooner than the programs of these tests would end by themselves.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_that_sleeps_for_ever_is_stopped_with_its_children()
    {
        var clock = Stopwatch.StartNew();
        var failure = await Assert.ThrowsAsync<TorchyardException>(() => ShAsync("echo $$; sleep 1000 & sleep 1000", Small));

        Assert.Equal("TY9027", failure.Code);
        Assert.Contains("/sh had not ended after 1 seconds", failure.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < Soon);
    }

    [Fact]
    public async Task A_program_that_reads_nothing_of_its_input_is_stopped()
    {
        var failure = await Assert.ThrowsAsync<TorchyardException>(() => ShAsync("sleep 1000", Small, new string('x', 4 << 20)));

        Assert.Equal("TY9027", failure.Code);
    }

    [Theory]
    [InlineData("cat /dev/zero")]
    [InlineData("cat /dev/zero >&2")]
    [InlineData("trap '' PIPE TERM; cat /dev/zero; sleep 1000")]
    public async Task A_program_that_prints_without_end_is_stopped(string script)
    {
        var clock = Stopwatch.StartNew();
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            ShAsync(script, ProgramBounds.Of(TimeSpan.FromMinutes(10), 1 << 20))
        );

        Assert.Equal("TY9028", failure.Code);
        Assert.Contains("more than 1 MiB", failure.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < Soon);
    }

    [Fact]
    public async Task What_a_program_left_running_behind_with_its_pipes_is_not_waited_for()
    {
        var clock = Stopwatch.StartNew();
        var result = await ShAsync("setsid sleep 60 & echo done; echo said >&2", ProgramBounds.Answer);

        Assert.Equal((0, "done\n", "said\n"), (result.ExitCode, result.Output, result.Error));
        Assert.True(clock.Elapsed < Soon);
    }

    [Fact]
    public async Task Output_up_to_the_bound_comes_whole()
    {
        var result = await ShAsync(
            "head -c 1048576 /dev/zero | tr '\\0' x; head -c 1048576 /dev/zero | tr '\\0' y >&2",
            ProgramBounds.Of(Soon, 1 << 20)
        );

        Assert.Equal(new string('x', 1 << 20), result.Output);
        Assert.Equal(new string('y', 1 << 20), result.Error);
    }

    [Fact]
    public async Task Cancelling_stops_a_program_at_once()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        stop.CancelAfter(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            HostCommand.RunAsync(HostProgram.Require("sleep"), ["1000"], cancellation: stop.Token)
        );
    }

    [Fact]
    public async Task A_program_that_ends_before_it_has_read_all_is_no_error()
    {
        var result = await HostCommand.FeedAsync(
            HostProgram.Require("true"),
            [],
            (input, stop) =>
            {
                var part = new byte[1 << 20];
                for (var i = 0; i < 64; i++)
                {
                    stop.ThrowIfCancellationRequested();
                    input.Write(part);
                }
            },
            ProgramBounds.Transfer,
            Cancellation
        );

        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void Every_kind_of_wait_ends() =>
        Assert.All(
            [
                ProgramBounds.Answer,
                ProgramBounds.Login,
                ProgramBounds.Trial,
                ProgramBounds.Proof,
                ProgramBounds.Environment,
                ProgramBounds.Transfer,
                ProgramBounds.Build,
            ],
            bounds =>
            {
                Assert.InRange(bounds.Time, TimeSpan.FromSeconds(1), TimeSpan.FromHours(48));
                Assert.InRange(bounds.Output, 1 << 20, 256 << 20);
            }
        );

    private static Task<CommandResult> ShAsync(string script, ProgramBounds bounds, string? input = null) =>
        HostCommand.RunAsync(HostProgram.Require("sh"), ["-c", script], input: input, bounds: bounds, cancellation: Cancellation);
}
