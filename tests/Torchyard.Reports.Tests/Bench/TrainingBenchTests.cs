using System.Globalization;
using System.Text.RegularExpressions;
using Torchyard.Machine.Catalogue;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Page;
using Torchyard.Reports.Verdicts;

namespace Torchyard.Reports.Tests.Bench;

public sealed partial class TrainingBenchTests
{
    [Fact]
    public void What_the_program_prints_is_read_and_noise_is_not()
    {
        var result = TrainingBench.Read("bf16", 0, "a library says hello\n" + Line("bf16", 209_000, 1), "a warning");

        Assert.Equal((209_000, "350m", 475, (string?)null), (result.TokensPerSecond, result.Size, result.Tflops, result.Missing));
        Assert.Equal(475, result.Reference!.Tflops);
        Assert.Contains("H200", result.Reference.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_gpu_does_not_have_is_no_failure_and_says_what_to_use()
    {
        const string said = "NVIDIA A100-SXM4-80GB has no FP8 products: L40S, H100, H200, B200 and later GPUs do. Use --precision bf16";
        var result = TrainingBench.Read("fp8", 2, "", "a warning\ngpt.py: " + said + "\n");

        Assert.Equal((said, false), (result.Missing, result.IsFailed));
        Assert.True(TrainingBench.Judge([TrainingBench.Read("bf16", 0, Line("bf16", 1, 1), ""), result]).Good);
    }

    [Theory]
    [InlineData(1, "", "RuntimeError: CUDA error", "python3 ended with status 1: RuntimeError: CUDA error")]
    [InlineData(0, "", "", "python3 ended with status 0: it said nothing")]
    [InlineData(0, "{\"precision\": \"bf16\", \"tokens_per_second\": \"many\"}", "", "python3 ended with status 0: it said nothing")]
    [InlineData(0, "{\"precision\": \"fp32\", \"tokens_per_second\": 5}", "", "python3 ended with status 0: it said nothing")]
    [InlineData(0, "{\"precision\": \"bf16\", \"tokens_per_second\": 0}", "", "python3 ended with status 0: it said nothing")]
    public void What_breaks_is_a_failure_with_its_last_words(int exitCode, string output, string error, string why)
    {
        var result = TrainingBench.Read("bf16", exitCode, output, error);

        Assert.Equal((why, true), (result.Missing, result.IsFailed));
        Assert.False(TrainingBench.Judge([result]).Good);
        Assert.False(TrainingBench.Judge([TrainingBench.Read("fp32", 0, Line("fp32", 1, 1), ""), result]).Good);
    }

    [Fact]
    public void Precisions_are_compared_with_FP32_and_several_gpus_with_one()
    {
        var results = TrainingBench.Compare([
            TrainingBench.Read("fp32", 0, Line("fp32", 20_000, 1), ""),
            TrainingBench.Read("bf16", 0, Line("bf16", 200_000, 1), ""),
            TrainingBench.Read("bf16", 0, Line("bf16", 1_520_000, 8), ""),
        ]);

        Assert.Equal([1, 10, 76], results.Select(r => r.SpeedUp!.Value));
        Assert.Equal([null, null, 0.95], results.Select(r => r.Scaling));
        Assert.Equal("BF16 is fastest: 10.0 times FP32", TrainingBench.Judge(results).Text);
        Assert.Equal("BF16, 8 GPUs", TrainingBench.Name(results[2]));
    }

    [Fact]
    public void The_page_has_a_chart_of_rates_one_of_MFU_and_what_is_missing()
    {
        var results = TrainingBench.Compare([
            TrainingBench.Read("fp32", 0, Line("fp32", 20_000, 1), ""),
            TrainingBench.Read("bf16", 0, Line("bf16", 200_000, 1), ""),
            TrainingBench.Read("fp8", 2, "", "gpt.py: <no> FP8"),
        ]);
        var page = HtmlReport.Of(
            new GpuReport
            {
                Kind = "bench train",
                Created = new DateTimeOffset(2026, 11, 30, 0, 0, 0, TimeSpan.Zero),
                Training = results,
                Verdict = new Verdict(true, "done", []),
            }
        );

        Assert.Equal(2, page.Split("<svg").Length - 1);
        Assert.Contains("200 of 200 thousand tokens/s (100%)", page, StringComparison.Ordinal);
        Assert.Contains("class=\"mark\"", page, StringComparison.Ordinal);
        Assert.Contains("&lt;no&gt; FP8", page, StringComparison.Ordinal);
        Assert.Contains("<td class=\"number\">10.00</td>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_peaks_of_the_script_are_those_of_the_catalogue()
    {
        var script = File.ReadAllText(SourceTree.At("src/Torchyard.Recipes/Example/gpt.py"));
        var table = script[script.IndexOf("PEAKS = {", StringComparison.Ordinal)..];
        var rows = Row().Matches(table[..table.IndexOf("\n}", StringComparison.Ordinal)]);
        Assert.Equal(13, rows.Count);
        foreach (var model in GpuCatalogue.All)
        {
            // The script takes the first name that is in the name of the GPU.
            var name = "NVIDIA " + model.Names[0];
            if (rows.FirstOrDefault(row => name.Contains(row.Groups[1].Value, StringComparison.Ordinal)) is not { } row)
            {
                continue;
            }

            string[] precisions = ["fp32", "tf32", "bf16", "fp8"];
            Assert.Equal(
                precisions.Select(precision => model.DensePeak(precision)),
                row.Groups[2]
                    .Value.Split(", ")
                    .Select(value => value == "None" ? (double?)null : double.Parse(value, CultureInfo.InvariantCulture))
            );
        }
    }

    private static string Line(string precision, double rate, int gpus) =>
        $$"""
            {"gpu": "NVIDIA H200", "gpus": {{gpus}}, "torch": "2.11.0+cu130", "precision": "{{precision}}", "size": "350m", "context": 1024,
            """.Replace("\n", "", StringComparison.Ordinal)
        + $$"""
             "batch": 16, "tokens_per_second": {{rate.ToString(CultureInfo.InvariantCulture)}}, "tflops": 475, "mfu": 0.48, "peak": 989.4,
            """.Replace("\n", "", StringComparison.Ordinal)
        + """ "memory_bytes": 29743000000, "joules_per_token": 0.0033, "loss": 2.1, "steps": 40, "first_loss": 5.5}""";

    [GeneratedRegex("\"([A-Z0-9a-z ]+)\": \\(([^)]+)\\)")]
    private static partial Regex Row();
}
