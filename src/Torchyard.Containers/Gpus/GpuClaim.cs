namespace Torchyard.Containers.Gpus;

/// <summary>What a user of this machine holds: said by that user alone, and true as long as a process of theirs lives.</summary>
public sealed record GpuClaim
{
    /// <summary>The user: owner of the record, and of the process.</summary>
    public required uint User { get; init; }

    /// <summary>The process: a monitor of a container, or a command that is about to start one.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Clock ticks from boot to the start of the process: nobody can make it older than it is.</summary>
    public required long StartTime { get; init; }

    /// <summary>Name of the environment; null where the user keeps it private.</summary>
    public string? Name { get; init; }

    /// <summary>Id of the container; null while there is none yet.</summary>
    public string? Container { get; init; }

    /// <summary>UUIDs of GPUs and MIG devices.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }
}
