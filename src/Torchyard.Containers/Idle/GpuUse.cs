using System.Text.Json.Serialization;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Idle;

/// <summary>How much the GPUs of an environment were used at one moment.</summary>
public sealed record GpuUse
{
    // Drivers move some of a GPU's memory about by themselves.
    private const long SmallChange = 16L << 20;

    /// <summary>One entry for each GPU that was asked for and found.</summary>
    public required IReadOnlyList<GpuUseOfOne> Gpus { get; init; }

    /// <summary>What a snapshot says of some GPUs.</summary>
    /// <param name="snapshot">What NVML said.</param>
    /// <param name="uuids">The GPUs and MIG devices.</param>
    public static GpuUse Of(GpuSnapshot snapshot, IEnumerable<string> uuids)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new GpuUse
        {
            Gpus =
            [
                .. from uuid in uuids
                from gpu in snapshot.Gpus
                where gpu.Uuid == uuid || gpu.MigDevices.Any(device => device.Uuid == uuid)
                select new GpuUseOfOne
                {
                    Uuid = uuid,
                    // That of a whole GPU says nothing of one of its MIG devices.
                    UtilisationPercent = gpu.Uuid == uuid ? gpu.UtilisationPercent : null,
                    MemoryUsedBytes = gpu.MemoryUsedBytes,
                    Processes = gpu.Processes is { } processes ? [.. processes.Select(process => process.Pid).Order()] : null,
                },
            ],
        };
    }

    /// <summary>
    /// What a look tells, beside the one before. NVML's utilisation is that of the last second or less, so what stays of a use between two
    /// looks counts too: a program that has come or gone, memory that was taken or given back.
    /// </summary>
    /// <param name="before">The look before; null for none.</param>
    /// <param name="now">This look; null where there was no answer.</param>
    /// <param name="uuids">The GPUs and MIG devices that count.</param>
    public static GpuActivity Between(GpuUse? before, GpuUse? now, IReadOnlyList<string> uuids)
    {
        ArgumentNullException.ThrowIfNull(uuids);
        var result = GpuActivity.Idle;
        foreach (var uuid in uuids)
        {
            if (now?.Gpus.FirstOrDefault(gpu => gpu.Uuid == uuid) is not { UtilisationPercent: { } percent } gpu)
            {
                result = GpuActivity.Unknown;
                continue;
            }

            var old = before?.Gpus.FirstOrDefault(other => other.Uuid == uuid);
            if (percent > 0 || (old is not null && HasMoved(old, gpu)))
            {
                return GpuActivity.Used;
            }
        }

        return result;
    }

    private static bool HasMoved(GpuUseOfOne before, GpuUseOfOne now) =>
        (before.Processes is { } had && now.Processes is { } has && !had.SequenceEqual(has))
        || (before.MemoryUsedBytes is { } used && now.MemoryUsedBytes is { } uses && Math.Abs(uses - used) >= SmallChange);
}

/// <summary>How much one GPU or MIG device is used.</summary>
public sealed record GpuUseOfOne
{
    /// <summary><c>GPU-…</c> or <c>MIG-…</c>.</summary>
    public required string Uuid { get; init; }

    /// <summary>Share of time with a kernel running; null where the driver does not count it, as for MIG devices.</summary>
    public int? UtilisationPercent { get; init; }

    /// <summary>Memory in use; null when unknown.</summary>
    public long? MemoryUsedBytes { get; init; }

    /// <summary>Processes that compute on it; null when they cannot be listed.</summary>
    public IReadOnlyList<int>? Processes { get; init; }
}

/// <summary>How a look is written by the process that takes it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(GpuUse))]
internal sealed partial class GpuUseJson : JsonSerializerContext;
