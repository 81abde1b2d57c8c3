namespace Torchyard.Reports.Bench;

/// <summary>One measured number of <c>bench</c>.</summary>
public sealed record BenchResult
{
    /// <summary>matrix, memory, host, peer, nccl or launch.</summary>
    public required string Area { get; init; }

    /// <summary>What was measured.</summary>
    public required string Name { get; init; }

    /// <summary>TFLOPS, TOPS, GB/s or µs; GB are 10⁹ bytes.</summary>
    public required string Unit { get; init; }

    /// <summary>Median over the batches.</summary>
    public required double Value { get; init; }

    /// <summary>Best batch.</summary>
    public required double Best { get; init; }

    /// <summary>Size and algorithm.</summary>
    public required string Detail { get; init; }

    /// <summary>Number among the visible devices, or null for a number over all of them.</summary>
    public int? Gpu { get; init; }

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
