namespace Torchyard.Machine.Processes;

/// <summary>A process that lives, as the kernel describes it to everybody (proc_pid_stat(5), proc_pid_status(5)).</summary>
public sealed record ProcessFacts
{
    /// <summary>Process id.</summary>
    public required int Id { get; init; }

    /// <summary>Process id of its parent; 0 for none that is seen here.</summary>
    public required int Parent { get; init; }

    /// <summary>Clock ticks from boot to its start: with the id, it tells a process from a later one.</summary>
    public required long StartTime { get; init; }

    /// <summary>Its name, at most 15 bytes; the program chooses it, so it may be anything.</summary>
    public required string Name { get; init; }

    /// <summary>Its real user; null where it cannot be told.</summary>
    public required uint? User { get; init; }
}
