using Torchyard.Gpus.Native.CublasLt;

namespace Torchyard.Gpus.Compute;

/// <summary>A way to multiply matrices: the formats of the operands, of the sum and of the result.</summary>
/// <param name="Name">As users know it.</param>
/// <param name="Key">Key in the catalogue and in JSON.</param>
/// <param name="A">Format of A.</param>
/// <param name="B">Format of B.</param>
/// <param name="Compute">How products are summed.</param>
/// <param name="Scale">Format of alpha and beta.</param>
/// <param name="Output">Format of the result in bench, as PyTorch uses it.</param>
/// <param name="ExactOutput">Format of the result in verify: wide, so that its rounding hides nothing.</param>
/// <param name="MinimumCapability">First compute capability (10·major + minor) that has it.</param>
/// <param name="TransposedOnly">True where cuBLASLt wants A transposed and B not.</param>
internal sealed record Precision(
    string Name, string Key, CudaDataType A, CudaDataType B, CublasComputeType Compute, CudaDataType Scale,
    CudaDataType Output, CudaDataType ExactOutput, int MinimumCapability, bool TransposedOnly = false)
{
    public static readonly IReadOnlyList<Precision> All =
    [
        new("FP64", "fp64", CudaDataType.Float64, CudaDataType.Float64, CublasComputeType.Float64, CudaDataType.Float64, CudaDataType.Float64, CudaDataType.Float64, 0),
        new("FP32", "fp32", CudaDataType.Float32, CudaDataType.Float32, CublasComputeType.Float32, CudaDataType.Float32, CudaDataType.Float32, CudaDataType.Float32, 0),
        new("TF32", "tf32", CudaDataType.Float32, CudaDataType.Float32, CublasComputeType.Float32FastTf32, CudaDataType.Float32, CudaDataType.Float32, CudaDataType.Float32, 80),
        new("FP16", "fp16", CudaDataType.Float16, CudaDataType.Float16, CublasComputeType.Float32, CudaDataType.Float32, CudaDataType.Float16, CudaDataType.Float32, 53),
        new("BF16", "bf16", CudaDataType.BFloat16, CudaDataType.BFloat16, CublasComputeType.Float32, CudaDataType.Float32, CudaDataType.BFloat16, CudaDataType.Float32, 80),
        new("FP8 E4M3", "fp8_e4m3", CudaDataType.Float8E4M3, CudaDataType.Float8E4M3, CublasComputeType.Float32, CudaDataType.Float32, CudaDataType.BFloat16, CudaDataType.Float32, 89, TransposedOnly: true),
        // E5M2 is the format of gradients: cuBLASLt multiplies it with E4M3, not with itself.
        new("FP8 E5M2", "fp8_e5m2", CudaDataType.Float8E5M2, CudaDataType.Float8E4M3, CublasComputeType.Float32, CudaDataType.Float32, CudaDataType.BFloat16, CudaDataType.Float32, 89, TransposedOnly: true),
        new("INT8", "int8", CudaDataType.Int8, CudaDataType.Int8, CublasComputeType.Int32, CudaDataType.Int32, CudaDataType.Int32, CudaDataType.Int32, 72, TransposedOnly: true),
    ];

    public bool IsFloat8 => A is CudaDataType.Float8E4M3 or CudaDataType.Float8E5M2;

    /// <summary>
    /// The allowed error of one element as a share of Σ|a||b|, for sums of <paramref name="k"/> products.
    /// </summary>
    /// <remarks>
    /// Rounding errors add like a random walk: λ·√k·u with λ = 8 holds with near certainty (Higham and Mary 2019, "A new approach to
    /// probabilistic rounding error analysis"). u is 2⁻⁵³ and 2⁻²⁴ for FP64 and FP32 and 2⁻²³ for tensor cores, which cut sums off.
    /// TF32 cuts each operand to 11 significant bits; FP8 sums on Hopper keep about 14 bits inside a block. Those errors are
    /// independent from product to product, so against Σ|a||b| they shrink with √k. INT8 is exact.
    /// The running sum of FP8 products is cut as well, see <see cref="SumBound"/>.
    /// </remarks>
    public double ErrorBound(int k) => Key switch
    {
        "fp64" => 8 * Math.Sqrt(k) * Math.ScaleB(1, -53),
        "fp32" => 8 * Math.Sqrt(k) * Math.ScaleB(1, -24),
        "tf32" => 8 * Math.Sqrt(k) * Math.ScaleB(1, -23) + 16 * Math.ScaleB(1, -10) / Math.Sqrt(k),
        "fp8_e4m3" or "fp8_e5m2" => 8 * Math.Sqrt(k) * Math.ScaleB(1, -23) + 64 * Math.ScaleB(1, -13) / Math.Sqrt(k),
        "int8" => 0,
        _ => 8 * Math.Sqrt(k) * Math.ScaleB(1, -23),
    };

    /// <summary>The further allowed error of one element as a share of the exact result |Σab|.</summary>
    /// <remarks>
    /// Hopper's FP8 tensor cores add 32 products at a time to a running sum that they cut to 13 fraction bits each time. The cuts go
    /// the same way, so an element whose sum grows steadily loses up to k/32 of them: 1.6 % for k = 4096, of which 2 % have been seen
    /// (DeepSeek-AI 2024, DeepSeek-V3 Technical Report, section 3.3.2).
    /// </remarks>
    public double SumBound(int k) => IsFloat8 ? k / 32.0 * Math.ScaleB(1, -13) : 0;
}
