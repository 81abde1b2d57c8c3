namespace Torchyard.Flows.Trimming;

/// <summary>What is trimmed, and for which GPUs.</summary>
internal sealed record TrimRequest
{
    /// <summary>A directory or a file, absolute.</summary>
    public required string Path { get; init; }

    /// <summary>Models or architectures as the user writes them: <c>a100</c>, <c>sm_90</c>.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>All PTX stays.</summary>
    public bool KeepPtx { get; init; }

    /// <summary>Nothing is written.</summary>
    public bool DryRun { get; init; }

    /// <summary>Where the trimmed copy of a file goes, absolute; null: it takes the file's place.</summary>
    public string? Output { get; init; }
}
