using System.Text.Json.Serialization;

namespace Torchyard.Flows.Gpus;

/// <summary>What kind of thing has a GPU.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HoldingKind>))]
internal enum HoldingKind
{
    /// <summary>An environment or container of Torchyard's, of any user.</summary>
    [JsonStringEnumMemberName("environment")]
    Environment,

    /// <summary>A process that Torchyard has not started.</summary>
    [JsonStringEnumMemberName("process")]
    Process,
}

/// <summary>Somebody who has a GPU.</summary>
internal sealed record GpuHolding
{
    /// <summary>What it is.</summary>
    public required HoldingKind Kind { get; init; }

    /// <summary>Login name; null where it cannot be told.</summary>
    public required string? User { get; init; }

    /// <summary>Name of the environment, null where its user keeps it private; name of the process, which it chooses itself.</summary>
    public required string? Name { get; init; }

    /// <summary>The process that holds it: a monitor, or the one that computes.</summary>
    public required int? ProcessId { get; init; }

    /// <summary>Since when; null where it cannot be told.</summary>
    public required DateTimeOffset? Since { get; init; }

    /// <summary>It is a container of this store.</summary>
    public bool Own { get; init; }

    /// <summary>When it is stopped because its GPUs are idle, unless they are used before; null: not.</summary>
    public DateTimeOffset? IdleStop { get; init; }
}

/// <summary>A GPU or MIG device of the machine, and who has it.</summary>
internal sealed record OccupiedGpu
{
    /// <summary>Index, or index of GPU and MIG device.</summary>
    public required string Name { get; init; }

    /// <summary>UUID.</summary>
    public required string Uuid { get; init; }

    /// <summary>Product name.</summary>
    public required string? Model { get; init; }

    /// <summary>Share of time with a kernel running; null where the driver does not count it.</summary>
    public required int? UtilisationPercent { get; init; }

    /// <summary>Memory in use.</summary>
    public required long? MemoryUsedBytes { get; init; }

    /// <summary>Memory.</summary>
    public required long? MemoryTotalBytes { get; init; }

    /// <summary>Who has it, longest first; empty: it is free.</summary>
    public required IReadOnlyList<GpuHolding> HeldBy { get; init; }
}
