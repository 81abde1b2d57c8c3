using System.Text.Json;
using Torchyard.Platform.Errors;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Page;
using Torchyard.Reports.Tune;
using Torchyard.Reports.Verdicts;

namespace Torchyard.Reports.Tests.Tune;

public sealed class TrainingTuningTests
{
    private static readonly TuneSetting Proposal = new(TrainingTuning.Tf32, "1", "in general");

    [Fact]
    public void What_training_gained_is_the_reason_and_what_is_faster_still_is_named()
    {
        var setting = TrainingTuning.Explain(Proposal, [Seen("fp32", 1), Seen("tf32", 3.5), Seen("bf16", 10.2)]);

        Assert.Equal("1", setting.Value);
        Assert.EndsWith(
            "bench train saw 3.5 times FP32 here; BF16 in the program itself: 10.2 times",
            setting.Reason,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_gained_nothing_is_not_worth_the_digits()
    {
        var setting = TrainingTuning.Explain(Proposal, [Seen("fp32", 1), Seen("tf32", 1.02)]);

        Assert.Equal(("0", "bench train saw 1.02 times FP32 with TF32 here: not worth the digits"), (setting.Value, setting.Reason));
    }

    [Fact]
    public void Nothing_seen_changes_nothing_and_what_the_user_set_stays()
    {
        Assert.Same(Proposal, TrainingTuning.Explain(Proposal, []));
        Assert.Same(Proposal, TrainingTuning.Explain(Proposal, [Seen("tf32", 3) with { Missing = "no TF32" }]));
        var present = Proposal with { Present = "0", Value = "0" };
        Assert.Same(present, TrainingTuning.Explain(present, [Seen("tf32", 3)]));
        var other = new TuneSetting("OMP_NUM_THREADS", "4", "CPUs");
        Assert.Same(other, TrainingTuning.Explain(other, [Seen("tf32", 3)]));
    }

    [Fact]
    public void The_report_of_bench_train_is_read_back()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "seen.json");
        var report = new GpuReport
        {
            Kind = "bench train",
            Created = new DateTimeOffset(2026, 11, 30, 0, 0, 0, TimeSpan.Zero),
            Training = [Seen("tf32", 3.5) with { Reference = TrainingReference.Find("NVIDIA H200", "350m", "tf32") }],
            Verdict = new Verdict(true, "done", []),
        };
        File.WriteAllText(file, JsonSerializer.Serialize(report, GpuJson.Default.GpuReport));

        Assert.Equal(report.Training, GpuReportFile.Read(file).Training);
        File.WriteAllText(file, JsonSerializer.Serialize(report with { Training = [] }, GpuJson.Default.GpuReport));
        Assert.Equal("TY5025", Assert.Throws<TorchyardException>(() => GpuReportFile.Read(file)).Code);
        File.WriteAllText(file, "{\"kind\": 5}");
        Assert.Equal("TY5025", Assert.Throws<TorchyardException>(() => GpuReportFile.Read(file)).Code);
        Assert.Contains(
            "does not exist",
            Assert.Throws<TorchyardException>(() => GpuReportFile.Read(file + "x")).Message,
            StringComparison.Ordinal
        );
    }

    private static TrainingResult Seen(string precision, double speedUp) =>
        new()
        {
            Precision = precision,
            Gpu = "NVIDIA H200",
            Size = "350m",
            Gpus = 1,
            TokensPerSecond = 20_000 * speedUp,
            SpeedUp = speedUp,
        };
}
