namespace Torchyard.Jobs.Logs;

/// <summary>What failed first.</summary>
public sealed record JobFailure
{
    /// <summary>Which rank; null where it was a node.</summary>
    public required int? Rank { get; init; }

    /// <summary>On which node.</summary>
    public required string Node { get; init; }

    /// <summary>Its exit status; negative for a signal.</summary>
    public required int? Status { get; init; }

    /// <summary>Why, where it was not the program; null where it was.</summary>
    public required string? Reason { get; init; }

    /// <summary>When.</summary>
    public required string Time { get; init; }

    /// <summary>What it printed last.</summary>
    public IReadOnlyList<string> LastLines { get; init; } = [];
}
