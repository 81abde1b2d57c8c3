using Torchyard.Machine.Catalogue;

namespace Torchyard.Machine.Tests.Catalogue;

public sealed class GpuCatalogueTests
{
    [Theory]
    [InlineData("NVIDIA A100-SXM4-80GB", "a100-sxm4-80gb")]
    [InlineData("A100-SXM4-40GB", "a100-sxm4-40gb")]
    [InlineData("NVIDIA A100-SXM4-80GB MIG 1g.10gb", "a100-sxm4-80gb")]
    [InlineData("NVIDIA A100 80GB PCIe", "a100-pcie-80gb")]
    [InlineData("NVIDIA H100 80GB HBM3", "h100-sxm5")]
    [InlineData("NVIDIA H100 PCIe", "h100-pcie")]
    [InlineData("NVIDIA H200", "h200-sxm5")]
    [InlineData("Tesla T4", "t4")]
    [InlineData("Tesla V100-SXM2-32GB", "v100-sxm2-32gb")]
    public void The_names_of_the_driver_lead_to_their_model(string name, string id) => Assert.Equal(id, GpuCatalogue.Find(name)?.Id);

    [Theory]
    [InlineData("NVIDIA H1000")]
    [InlineData("")]
    [InlineData(null)]
    public void Unknown_names_have_no_model(string? name) => Assert.Null(GpuCatalogue.Find(name));

    [Fact]
    public void Every_row_has_a_source_and_names_of_its_own()
    {
        Assert.All(GpuCatalogue.All, m => Assert.False(string.IsNullOrWhiteSpace(m.Source)));
        Assert.Equal(GpuCatalogue.All.Count, GpuCatalogue.All.Select(m => m.Id).Distinct().Count());
        var names = GpuCatalogue.All.SelectMany(m => m.Names).ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(GpuCatalogue.All.Where(m => m.Usual.Count > 0), m => Assert.NotNull(m.UsualSource));
    }

    [Fact]
    public void Sparse_rates_are_never_taken_for_dense_ones()
    {
        Assert.All(GpuCatalogue.All.SelectMany(m => m.Rates).Where(r => r.Sparse is not null), r =>
            Assert.InRange(r.Sparse!.Value / r.Dense, 1.98, 2.04)
        );
        Assert.Equal(312, GpuCatalogue.Find("A100-SXM4-80GB")!.DensePeak("fp16"));
        Assert.Equal(989.4, GpuCatalogue.Find("H100 80GB HBM3")!.DensePeak("bf16"));
        Assert.Equal(1978.9, GpuCatalogue.Find("H200")!.DensePeak("fp8_e5m2"));
        Assert.Null(GpuCatalogue.Find("A100-SXM4-80GB")!.DensePeak("fp8_e4m3"));
        Assert.Equal(67, GpuCatalogue.Find("H200")!.DensePeak("fp64"));
    }
}
