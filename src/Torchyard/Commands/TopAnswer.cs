using System.Text.Json.Serialization;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Gpus;
using Torchyard.Machine.Gpus;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>All that is shown.</summary>
internal sealed record TopAnswer
{
    /// <summary>Running containers of this store.</summary>
    public required IReadOnlyList<TopRow> Containers { get; init; }

    /// <summary>GPUs of the machine; none where containers are named.</summary>
    public required IReadOnlyList<OccupiedGpu> Gpus { get; init; }

    /// <summary>Containers of this store that were stopped because their GPUs were idle.</summary>
    public required IReadOnlyList<GivenBackRow> GivenBack { get; init; }
}

/// <summary>A container that was stopped because its GPUs were idle.</summary>
internal sealed record GivenBackRow
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Stopped { get; init; }

    /// <summary>Why.</summary>
    public required string Why { get; init; }

    public static GivenBackRow Of(ContainerInfo container) =>
        new()
        {
            Name = container.Record.Name,
            Stopped = DateTimeOffset.FromUnixTimeMilliseconds(container.State.Finished),
            Why = container.State.Stopped!,
        };
}

/// <summary>What a container had used at a moment.</summary>
/// <param name="Container">The container.</param>
/// <param name="Usage">What it had used.</param>
/// <param name="Timestamp">When, by the clock's own count.</param>
internal sealed record TopSample(ContainerInfo Container, ContainerUsage Usage, long Timestamp);

/// <summary>A container in the answer.</summary>
internal sealed record TopRow
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>100 is one CPU; null where the machine does not count it.</summary>
    public required double? CpuPercent { get; init; }

    /// <summary>Bytes in use.</summary>
    public required long? Memory { get; init; }

    /// <summary>Bytes that it may use.</summary>
    public required long MemoryLimit { get; init; }

    /// <summary>Share of the limit.</summary>
    public required double? MemoryPercent { get; init; }

    /// <summary>Most bytes it had in use.</summary>
    public required long? PeakMemory { get; init; }

    /// <summary>Processes and threads.</summary>
    public required long? Processes { get; init; }

    /// <summary>Its GPUs.</summary>
    public required IReadOnlyList<TopGpu> Gpus { get; init; }

    public static TopRow Of(TopSample? before, TopSample now, IReadOnlyList<GpuState> gpus, TimeProvider clock)
    {
        var (record, usage) = (now.Container.Record, now.Usage);
        var elapsed = before is null ? 0 : clock.GetElapsedTime(before.Timestamp, now.Timestamp).TotalMicroseconds;
        double? cpu =
            elapsed > 0 && before!.Usage.CpuMicroseconds is { } earlier && usage.CpuMicroseconds is { } later
                ? Math.Round(100 * Math.Max(0, later - earlier) / elapsed, 1)
                : null;
        double? share =
            usage.Memory is { } memory && record.Limits.Memory > 0 ? Math.Round(100.0 * memory / record.Limits.Memory, 1) : null;
        return new TopRow
        {
            Id = record.Id,
            Name = record.Name,
            CpuPercent = cpu,
            Memory = usage.Memory,
            MemoryLimit = record.Limits.Memory,
            MemoryPercent = share,
            PeakMemory = usage.PeakMemory,
            Processes = usage.Processes,
            Gpus =
            [
                .. record.Gpus.Select(gpu =>
                    TopGpu.Of(gpu, gpus.FirstOrDefault(g => g.Uuid == gpu.Uuid || g.MigDevices.Any(m => m.Uuid == gpu.Uuid)))
                ),
            ],
        };
    }
}

/// <summary>A GPU of a container. A MIG device shows its GPU's power and temperature; use of it is not counted by the driver.</summary>
internal sealed record TopGpu
{
    /// <summary>Index, or index of GPU and MIG device.</summary>
    public required string Name { get; init; }

    /// <summary>UUID.</summary>
    public required string Uuid { get; init; }

    /// <summary>Product name.</summary>
    public required string? Model { get; init; }

    /// <summary>Share of time with a kernel running.</summary>
    public required int? UtilisationPercent { get; init; }

    /// <summary>Memory in use by whatever computes on it.</summary>
    public required long? MemoryUsedBytes { get; init; }

    /// <summary>Memory.</summary>
    public required long? MemoryTotalBytes { get; init; }

    /// <summary>Power.</summary>
    public required double? PowerWatts { get; init; }

    /// <summary>Temperature.</summary>
    public required int? TemperatureCelsius { get; init; }

    public static TopGpu Of(GrantedGpu gpu, GpuState? state)
    {
        var mig = state?.MigDevices.FirstOrDefault(m => m.Uuid == gpu.Uuid);
        return new TopGpu
        {
            Name = gpu.Name,
            Uuid = gpu.Uuid,
            Model = gpu.Model,
            UtilisationPercent = mig is null ? state?.UtilisationPercent : null,
            MemoryUsedBytes = mig is null ? state?.MemoryUsedBytes : null,
            MemoryTotalBytes = mig is null ? state?.MemoryTotalBytes : mig.MemoryBytes,
            PowerWatts = state?.PowerWatts,
            TemperatureCelsius = state?.TemperatureCelsius,
        };
    }
}

/// <summary>Source-generated JSON of the answer.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(TopAnswer))]
internal sealed partial class TopJson : JsonSerializerContext;
