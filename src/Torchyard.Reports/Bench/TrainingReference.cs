namespace Torchyard.Reports.Bench;

/// <summary>A rate of training that somebody measured.</summary>
/// <param name="Tflops">The model's arithmetic, for each GPU.</param>
/// <param name="Source">Who, with what.</param>
public sealed record TrainingReference(double Tflops, string Source)
{
    private const string Foundry = "MosaicML's llm-foundry, scripts/train/benchmarking/README.md, commit 061f2c7: ";
    private const string Causal = "; its tokens/s, with attention counted causal as here";
    private const string Own = "torchyard's own run of bench/train on one H200, PyTorch 2.11 with CUDA 13.0 (docs/evidence/h200/training)";

    // Tokens per second and GPU there, times 6 FLOP for each parameter and 6 x layers x width x context for causal attention.
    private static readonly (string Model, string Size, string Precision, TrainingReference Reference)[] Known =
    [
        ("A100", "350m", "bf16", new(147.8, Foundry + "350M, 1024 tokens, 8 A100-80GB: 64,813 tokens/s each" + Causal)),
        ("A100", "1b", "bf16", new(181.0, Foundry + "1B, 1024 tokens, 8 A100-80GB: 22,112 tokens/s each" + Causal)),
        ("H100", "1b", "bf16", new(400.3, Foundry + "1B, 1024 tokens, 8 H100: 48,910 tokens/s each" + Causal)),
        ("H100", "350m", "fp8", new(340.0, Foundry + "350M, 512 tokens, 8 H100: 154,420 tokens/s each" + Causal)),
        ("H100", "1b", "fp8", new(564.5, Foundry + "1B, 512 tokens, 8 H100: 70,315 tokens/s each" + Causal)),
        ("H200", "350m", "fp32", new(46, Own)),
        ("H200", "350m", "tf32", new(163, Own)),
        ("H200", "350m", "fp16", new(463, Own)),
        ("H200", "350m", "bf16", new(475, Own)),
        ("H200", "1b", "bf16", new(524, Own)),
        ("H200", "1b", "fp8", new(613, Own)),
    ];

    /// <summary>The one for a GPU, a size and a precision; null when none is known.</summary>
    /// <param name="gpu">Name as the driver has it, e.g. <c>NVIDIA H100 80GB HBM3</c>.</param>
    /// <param name="size">Size of the model.</param>
    /// <param name="precision">The precision.</param>
    public static TrainingReference? Find(string gpu, string size, string precision) =>
        Known
            .FirstOrDefault(row =>
                gpu.Contains(row.Model, StringComparison.Ordinal)
                // The cards with a lower power limit are other GPUs.
                && !gpu.Contains("NVL", StringComparison.Ordinal)
                && !gpu.Contains("PCIe", StringComparison.OrdinalIgnoreCase)
                && (row.Size, row.Precision) == (size, precision)
            )
            .Reference;
}
