using System.Text.Json.Serialization;

namespace Torchyard.Machine.Catalogue;

/// <summary>A GPU model as its data sheet describes it. GB are 10⁹ bytes; rates are in TFLOPS, for integers in TOPS.</summary>
public sealed record GpuModel
{
    /// <summary>Stable name in the catalogue, e.g. <c>h100-sxm5</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Names that NVML gives it, without <c>NVIDIA</c> or <c>Tesla</c> before them.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Architecture, e.g. <c>Hopper</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Compute capability, e.g. <c>9.0</c>.</summary>
    public required string ComputeCapability { get; init; }

    /// <summary>Name of the die.</summary>
    public required string Chip { get; init; }

    /// <summary>Multiprocessors (SM) that are enabled.</summary>
    public required int Multiprocessors { get; init; }

    /// <summary>Manufacturing process.</summary>
    public required string Process { get; init; }

    /// <summary>Memory in GB as sold.</summary>
    public required double MemoryGigabytes { get; init; }

    /// <summary>Kind of memory.</summary>
    public required string MemoryType { get; init; }

    /// <summary>Memory bandwidth in GB/s.</summary>
    public required double MemoryGigabytesPerSecond { get; init; }

    /// <summary>NVLink bandwidth of the GPU, both directions summed, in GB/s; null without NVLink.</summary>
    public double? NvlinkGigabytesPerSecond { get; init; }

    /// <summary>NVLink generation.</summary>
    public int? NvlinkGeneration { get; init; }

    /// <summary>Number of NVLinks.</summary>
    public int? NvlinkLinks { get; init; }

    /// <summary>PCI Express generation.</summary>
    public required int PcieGeneration { get; init; }

    /// <summary>Power limit in watts; for a superchip that of the module.</summary>
    public required double PowerWatts { get; init; }

    /// <summary>SXM5, PCIe, superchip …</summary>
    public required string Form { get; init; }

    /// <summary>Peak rates, dense and sparse apart.</summary>
    public required IReadOnlyList<PeakRate> Rates { get; init; }

    /// <summary>Where the row is from.</summary>
    public required string Source { get; init; }

    /// <summary>True when every value was compared with a public copy of the sheet or an independent table.</summary>
    public required bool Confirmed { get; init; }

    /// <summary>What the row was compared with; null when nothing was found.</summary>
    public string? ComparedWith { get; init; }

    /// <summary>What could not be confirmed, or where sources differ.</summary>
    public string? Doubt { get; init; }

    /// <summary>What such a GPU reaches in <c>bench</c>, by the key of the number; empty when nobody measured one.</summary>
    public IReadOnlyDictionary<string, double> Usual
    {
        // The JSON reader assigns null to what a row leaves out.
        get => field ?? System.Collections.Frozen.FrozenDictionary<string, double>.Empty;
        init;
    }

    /// <summary>Who measured <see cref="Usual"/>, and how.</summary>
    public string? UsualSource { get; init; }

    /// <summary>The highest dense rate of a precision, by vector or tensor units; null when the sheet states none.</summary>
    /// <param name="precision">fp64, fp32, tf32, fp16, bf16, fp8, int8 or fp4; <c>fp8_e4m3</c> and <c>fp8_e5m2</c> mean fp8.</param>
    public double? DensePeak(string precision)
    {
        ArgumentNullException.ThrowIfNull(precision);
        var name = precision.Split('_')[0];
        return Rates.Where(r => r.Precision == name).Select(r => (double?)r.Dense).Max();
    }
}

/// <summary>A peak rate.</summary>
/// <param name="Precision">fp64, fp32, tf32, fp16, bf16, fp8, int8 or fp4.</param>
/// <param name="Units">vector, or tensor for tensor cores.</param>
/// <param name="Dense">TFLOPS or TOPS of ordinary matrices.</param>
/// <param name="Sparse">The same with 2:4 structured sparsity, which most programs do not use; null where there is none.</param>
public sealed record PeakRate(string Precision, string Units, double Dense, double? Sparse = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow
)]
[JsonSerializable(typeof(List<GpuModel>))]
internal sealed partial class CatalogueJson : JsonSerializerContext;
