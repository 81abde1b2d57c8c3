using Torchyard.Gpus.CublasLt;

namespace Torchyard.Gpus.Compute;

/// <summary>A way to multiply matrices: the formats of the operands, of the sum and of the result.</summary>
internal sealed record Precision
{
    /// <summary>As users know it.</summary>
    public required string Name { get; init; }

    /// <summary>Key in the catalogue and in JSON.</summary>
    public required string Key { get; init; }

    /// <summary>Format of A.</summary>
    public required CudaDataType A { get; init; }

    /// <summary>Format of B.</summary>
    public required CudaDataType B { get; init; }

    /// <summary>How products are summed.</summary>
    public required CublasComputeType Compute { get; init; }

    /// <summary>Format of alpha and beta.</summary>
    public required CudaDataType Scale { get; init; }

    /// <summary>Format of the result in bench, as PyTorch uses it.</summary>
    public required CudaDataType Output { get; init; }

    /// <summary>Format of the result in verify: wide, so that its rounding hides nothing.</summary>
    public required CudaDataType ExactOutput { get; init; }

    /// <summary>First compute capability (10·major + minor) that has it.</summary>
    public required int MinimumCapability { get; init; }

    /// <summary>True where cuBLASLt wants A transposed and B not.</summary>
    public bool TransposedOnly { get; init; }

    public static readonly IReadOnlyList<Precision> All =
    [
        new()
        {
            Name = "FP64",
            Key = "fp64",
            A = CudaDataType.Float64,
            B = CudaDataType.Float64,
            Compute = CublasComputeType.Float64,
            Scale = CudaDataType.Float64,
            Output = CudaDataType.Float64,
            ExactOutput = CudaDataType.Float64,
            MinimumCapability = 0,
        },
        new()
        {
            Name = "FP32",
            Key = "fp32",
            A = CudaDataType.Float32,
            B = CudaDataType.Float32,
            Compute = CublasComputeType.Float32,
            Scale = CudaDataType.Float32,
            Output = CudaDataType.Float32,
            ExactOutput = CudaDataType.Float32,
            MinimumCapability = 0,
        },
        new()
        {
            Name = "TF32",
            Key = "tf32",
            A = CudaDataType.Float32,
            B = CudaDataType.Float32,
            Compute = CublasComputeType.Float32FastTf32,
            Scale = CudaDataType.Float32,
            Output = CudaDataType.Float32,
            ExactOutput = CudaDataType.Float32,
            MinimumCapability = 80,
        },
        new()
        {
            Name = "FP16",
            Key = "fp16",
            A = CudaDataType.Float16,
            B = CudaDataType.Float16,
            Compute = CublasComputeType.Float32,
            Scale = CudaDataType.Float32,
            Output = CudaDataType.Float16,
            ExactOutput = CudaDataType.Float32,
            MinimumCapability = 53,
        },
        new()
        {
            Name = "BF16",
            Key = "bf16",
            A = CudaDataType.BFloat16,
            B = CudaDataType.BFloat16,
            Compute = CublasComputeType.Float32,
            Scale = CudaDataType.Float32,
            Output = CudaDataType.BFloat16,
            ExactOutput = CudaDataType.Float32,
            MinimumCapability = 80,
        },
        new()
        {
            Name = "FP8 E4M3",
            Key = "fp8_e4m3",
            A = CudaDataType.Float8E4M3,
            B = CudaDataType.Float8E4M3,
            Compute = CublasComputeType.Float32,
            Scale = CudaDataType.Float32,
            Output = CudaDataType.BFloat16,
            ExactOutput = CudaDataType.Float32,
            MinimumCapability = 89,
            TransposedOnly = true,
        },
        // E5M2 is the format of gradients: cuBLASLt multiplies it with E4M3, not with itself.
        new()
        {
            Name = "FP8 E5M2",
            Key = "fp8_e5m2",
            A = CudaDataType.Float8E5M2,
            B = CudaDataType.Float8E4M3,
            Compute = CublasComputeType.Float32,
            Scale = CudaDataType.Float32,
            Output = CudaDataType.BFloat16,
            ExactOutput = CudaDataType.Float32,
            MinimumCapability = 89,
            TransposedOnly = true,
        },
        new()
        {
            Name = "INT8",
            Key = "int8",
            A = CudaDataType.Int8,
            B = CudaDataType.Int8,
            Compute = CublasComputeType.Int32,
            Scale = CudaDataType.Int32,
            Output = CudaDataType.Int32,
            ExactOutput = CudaDataType.Int32,
            MinimumCapability = 72,
            TransposedOnly = true,
        },
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
    public double ErrorBound(int k) =>
        Key switch
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
