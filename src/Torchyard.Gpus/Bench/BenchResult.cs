namespace Torchyard.Gpus.Bench;

/// <summary>One measured number of <c>bench</c>.</summary>
/// <param name="Gpu">Number among the visible devices, or null for a number over all of them.</param>
/// <param name="Area">matrix, memory, host, peer, nccl or launch.</param>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">TFLOPS, TOPS, GB/s or µs; GB are 10⁹ bytes.</param>
/// <param name="Value">Median over the batches.</param>
/// <param name="Best">Best batch.</param>
/// <param name="Detail">Size and algorithm.</param>
public sealed record BenchResult(int? Gpu, string Area, string Name, string Unit, double Value, double Best, string Detail)
{
    /// <summary>Key of the number, e.g. <c>matrix.fp16</c>; the same in every report.</summary>
    public required string Key { get; init; }

    /// <summary>The hardware's peak by its data sheet, in <see cref="Unit"/>; null when none is stated.</summary>
    public double? Peak { get; init; }

    /// <summary>What such a GPU usually reaches, in <see cref="Unit"/>; null when not known.</summary>
    public double? Usual { get; init; }

    /// <summary>Rows of the square matrices of a product; null for everything else.</summary>
    public int? MatrixRows { get; init; }

    /// <summary>Values against message size in bytes, for collectives and copies.</summary>
    public IReadOnlyList<BenchPoint> Series { get; init; } = [];

    /// <summary>Why there is no number, e.g. <c>not supported by this GPU</c>; null for a measured one.</summary>
    public string? Missing { get; init; }
}

/// <summary>A point of a series.</summary>
/// <param name="Bytes">Message size.</param>
/// <param name="Value">Rate in the result's unit.</param>
public sealed record BenchPoint(long Bytes, double Value);
