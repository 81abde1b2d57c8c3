using Torchyard.Machine.Catalogue;
using Torchyard.Reports.Bench;

namespace Torchyard.Reports.Tests.Bench;

public sealed class BenchVerdictTests
{
    private static readonly GpuModel H200 = GpuCatalogue.Find("NVIDIA H200")!;

    [Fact]
    public void A_product_far_below_the_usual_value_of_its_size_is_slow()
    {
        var verdict = Judge(Product(8192, 0.5));
        Assert.False(verdict.Good);
        Assert.Contains("FP16 product", Assert.Single(verdict.Reasons), StringComparison.Ordinal);
    }

    [Fact]
    public void A_product_of_another_size_has_no_usual_value_and_no_verdict()
    {
        var (small, copy) = (Product(2048, 0.5), Copy(1.0));
        Assert.Null(PeakRates.Apply(small, H200, null).Usual);
        Assert.NotNull(PeakRates.Apply(small, H200, null).Peak);
        var verdict = Judge(small, copy);
        Assert.True(verdict.Good);
        Assert.Equal("as fast as it should be", verdict.Text);
        Assert.Equal("products of 2048³ are not judged: usual values are those of 8192³", Assert.Single(verdict.Reasons));
        Assert.Equal("measured; there is nothing to compare with", Judge(small).Text);
    }

    [Fact]
    public void Gpus_of_one_machine_are_compared_at_any_size() =>
        Assert.Contains(
            "another GPU of this machine",
            Assert.Single(Judge(Product(2048, 0.5), Product(2048, 0.3) with { Gpu = 1 }).Reasons),
            StringComparison.Ordinal
        );

    private static Torchyard.Reports.Verdicts.Verdict Judge(params BenchResult[] results) =>
        BenchVerdict.Of([.. results.Select(r => PeakRates.Apply(r, H200, null))], []);

    private static BenchResult Product(int rows, double share)
    {
        var value = H200.Usual["matrix.fp16"] * share;
        return new BenchResult
        {
            Area = "matrix",
            Name = "FP16 product",
            Unit = "TFLOPS",
            Value = value,
            Best = value,
            Detail = $"{rows}³",
            Gpu = 0,
            Key = "matrix.fp16",
            MatrixRows = rows,
        };
    }

    private static BenchResult Copy(double share)
    {
        var value = H200.Usual["memory.copy"] * share;
        return new BenchResult
        {
            Area = "memory",
            Name = "copy",
            Unit = "GB/s",
            Value = value,
            Best = value,
            Detail = "",
            Gpu = 0,
            Key = "memory.copy",
        };
    }
}
