using System.Text.Json.Serialization;

namespace Torchyard.Reports.Bench;

/// <summary>What <c>bench train</c> saw while the model trained in one precision.</summary>
public sealed record TrainingResult
{
    /// <summary>fp32, tf32, fp16, bf16 or fp8.</summary>
    public required string Precision { get; init; }

    /// <summary>Name of the GPU, or of what else computed.</summary>
    public string Gpu
    {
        // The JSON reader assigns null to what a line leaves out.
        get => field ?? "";
        init;
    } = "";

    /// <summary>GPUs that trained together; 0 for the CPU.</summary>
    public int Gpus { get; init; }

    /// <summary>Size of the model, as <c>--size</c> of the script has it.</summary>
    public string Size
    {
        get => field ?? "";
        init;
    } = "";

    /// <summary>Tokens that the model sees at once.</summary>
    public int Context { get; init; }

    /// <summary>Sequences at once on each GPU.</summary>
    public int Batch { get; init; }

    /// <summary>Version of PyTorch.</summary>
    public string? Torch { get; init; }

    /// <summary>Median of three windows, all GPUs together.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Width of the three windows as a share of the median.</summary>
    public double Spread { get; init; }

    /// <summary>The model's arithmetic, for each GPU.</summary>
    public double Tflops { get; init; }

    /// <summary>Dense peak of one GPU in this precision by the data sheet, in TFLOPS; null when it is not known.</summary>
    public double? Peak { get; init; }

    /// <summary><see cref="Tflops"/> as a share of <see cref="Peak"/>.</summary>
    public double? Mfu { get; init; }

    /// <summary>Most memory that PyTorch had in use on one GPU.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Energy of the GPUs, by NVML.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Loss at the end; it is a number, or there is no result.</summary>
    public double? Loss { get; init; }

    /// <summary>Tokens per second compared with FP32 on one GPU; null without FP32.</summary>
    public double? SpeedUp { get; init; }

    /// <summary>Tokens per second compared with as many times one GPU in the same precision; null for one GPU.</summary>
    public double? Scaling { get; init; }

    /// <summary>What others saw on such a GPU, in TFLOPS; null when nobody is known to have measured it.</summary>
    public TrainingReference? Reference { get; init; }

    /// <summary>Why there are no numbers; null for a measured one.</summary>
    public string? Missing { get; init; }

    /// <summary>True when it was tried and broke, other than what the GPU or its memory cannot do.</summary>
    [JsonPropertyName("failed")]
    public bool IsFailed { get; init; }
}
