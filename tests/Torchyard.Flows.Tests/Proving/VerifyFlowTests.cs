using Torchyard.Flows.Proving;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Reports.Verify;

namespace Torchyard.Flows.Tests.Proving;

public sealed class VerifyFlowTests : IDisposable
{
    private readonly TestHost _test = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Without_a_GPU_there_is_nothing_to_prove_and_that_is_an_error()
    {
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            new VerifyFlow(_test.Host).RunAsync(new VerifyRequest(), Cancellation)
        );

        Assert.Contains(failure.Code, new[] { "TY5001", "TY5002" });
    }

    [Fact]
    public async Task PyTorch_is_proved_without_a_GPU_as_well_and_the_report_has_both_parts()
    {
        var report = await VerifyAsync(
            """
            echo '{"name":"training","outcome":"passed","detail":"loss falls","seconds":0.5}'
            echo 'a line of a library'
            """
        );

        Assert.Equal(
            [("CUDA driver", VerifyOutcome.Skipped), ("training", VerifyOutcome.Passed)],
            report.Verify.Select(result => (result.Name, result.Outcome))
        );
        Assert.Equal((_test.Host.Clock.GetUtcNow(), "verify"), (report.Created, report.Kind));
        Assert.True(report.Verdict.Good, report.Verdict.Text);
    }

    [Fact]
    public async Task A_check_that_fails_makes_the_verdict_bad_and_is_named()
    {
        var report = await VerifyAsync(
            """
            echo '{"name":"cuDNN","outcome":"failed","detail":"wrong result","seconds":0.5}'
            """
        );

        Assert.False(report.Verdict.Good);
        Assert.Contains(report.Verdict.Reasons.Append(report.Verdict.Text), reason => reason.Contains("cuDNN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_interpreter_that_dies_is_a_failure_with_its_last_words()
    {
        var report = await VerifyAsync(
            """
            echo 'ModuleNotFoundError: No module named torch' >&2
            exit 1
            """
        );

        Assert.False(report.Verdict.Good);
        Assert.Contains(report.Verify, result =>
            result.Outcome == VerifyOutcome.Failed && result.Detail.Contains("No module named torch", StringComparison.Ordinal)
        );
    }

    private Task<Torchyard.Reports.Page.GpuReport> VerifyAsync(string script)
    {
        var python = _test.Write("bin/python3", "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(python, (UnixFileMode)0b111_101_101);
        return new VerifyFlow(_test.Host).RunAsync(new VerifyRequest { Python = python }, Cancellation);
    }
}
