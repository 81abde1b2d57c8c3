using Torchyard.Machine.Catalogue;
using Torchyard.Machine.Gpus;

namespace Torchyard.Reports.Bench;

/// <summary>Puts the hardware's peak and the usual value beside each measured number.</summary>
internal static class PeakRates
{
    /// <summary>GB/s of one PCIe lane in one direction after line coding, by generation (PCI Express Base Specification).</summary>
    private static readonly double[] LaneGigabytesPerSecond = [0, 0.25, 0.5, 0.985, 1.969, 3.938, 7.563];

    /// <summary>
    /// Rows of the products that the catalogue's usual values were measured with (usualSource); smaller ones keep a GPU less busy.
    /// </summary>
    public const int UsualMatrixRows = 8192;

    public static BenchResult Apply(BenchResult result, GpuModel? model, GpuState? state) =>
        result with
        {
            Peak = result.Missing is null ? Peak(result, model, state) : null,
            Usual =
                result.MatrixRows is null or UsualMatrixRows && model?.Usual.TryGetValue(result.Key, out var usual) == true ? usual : null,
        };

    private static double? Peak(BenchResult result, GpuModel? model, GpuState? state) =>
        result.Area switch
        {
            "matrix" => model?.DensePeak(result.Key["matrix.".Length..]),
            "memory" => model?.MemoryGigabytesPerSecond,
            "host" => PciePeak(state),
            // Both directions are summed in data sheets; a copy and a collective's bus bandwidth count one.
            "peer" or "nccl" => model?.NvlinkGigabytesPerSecond / 2,
            _ => null,
        };

    private static double? PciePeak(GpuState? state) =>
        state is { PcieGenerationMax: { } generation, PcieWidth: { } width } && generation < LaneGigabytesPerSecond.Length
            ? LaneGigabytesPerSecond[generation] * width
            : null;
}
