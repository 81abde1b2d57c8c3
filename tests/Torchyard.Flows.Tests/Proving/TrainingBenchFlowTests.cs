using Torchyard.Flows.Proving;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Processes;
using Torchyard.Reports.Page;

namespace Torchyard.Flows.Tests.Proving;

public sealed class TrainingBenchFlowTests : IDisposable
{
    private readonly TestHost _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Each_precision_is_trained_by_itself_and_what_cannot_be_says_why()
    {
        var report = await TrainAsync(
            """
            set -e
            test -f "$(dirname "$2")/gpt.py"
            case "$*" in
              *"--precision fp32"*) rate=10;;
              *"--precision bf16"*) rate=15;;
              *) echo "gpt.py: the CPU has none of it" >&2; exit 2;;
            esac
            precision=$(echo "$*" | sed 's/.*--precision \([a-z0-9]*\).*/\1/')
            echo "{\"precision\": \"$precision\", \"tokens_per_second\": $rate, \"size\": \"$*\"}"
            """
        );

        Assert.Equal(["fp32", "tf32", "fp16", "bf16", "fp8"], report.Training.Select(result => result.Precision));
        Assert.Equal([1, null, null, 1.5, null], report.Training.Select(result => result.SpeedUp));
        Assert.Equal("the CPU has none of it", report.Training[4].Missing);
        Assert.EndsWith("--seconds 0.5 --precision bf16 --size 1m --device cpu", report.Training[3].Size, StringComparison.Ordinal);
        Assert.True(report.Verdict.Good, report.Verdict.Text);
        Assert.Equal("bench train", report.Kind);
    }

    [Fact]
    public async Task An_interpreter_without_PyTorch_is_a_failure_with_its_last_words()
    {
        var report = await TrainAsync("echo 'ModuleNotFoundError: No module named torch' >&2; exit 1");

        Assert.False(report.Verdict.Good);
        Assert.All(report.Training, result => Assert.Contains("No module named torch", result.Missing, StringComparison.Ordinal));
    }

    private Task<GpuReport> TrainAsync(string script)
    {
        var python = _test.Write("bin/python3", "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(python, (UnixFileMode)0b111_101_101);
        return new TrainingBenchFlow(_test.Host).RunAsync(
            new TrainingBenchRequest
            {
                Python = HostProgram.At(python),
                Seconds = 0.5,
                Size = "1m",
            },
            TestContext.Current.CancellationToken
        );
    }
}
