namespace Torchyard.Flows.Jobs;

/// <summary>A program that is to run in a job.</summary>
internal sealed record JobExec
{
    /// <summary>The job's id.</summary>
    public required string Job { get; init; }

    /// <summary>On which node; null for the first.</summary>
    public string? Node { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Standard input goes to it.</summary>
    public bool Interactive { get; init; }

    /// <summary>It gets a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Further options of <c>exec</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];
}
