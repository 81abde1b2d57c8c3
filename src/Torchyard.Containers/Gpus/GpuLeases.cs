using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Machine.Files;
using Torchyard.Machine.Processes;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Gpus;

/// <summary>
/// GPUs that programs of this store are about to hand to a container, or use themselves: one file a GPU and process,
/// <c>gpus/leases/UUID.PID.json</c>. A lease is worth what its process is: when that is gone, after kill -9 or a reboot, so is the
/// lease, and nobody has to clean up. What a running container has, its own record says.
/// </summary>
public sealed class GpuLeases
{
    private readonly string _directory;
    private readonly ProcessTable _processes;

    /// <summary>The leases of a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="machine">Where processes are looked up.</param>
    public GpuLeases(StorePaths store, MachineFiles machine)
    {
        ArgumentNullException.ThrowIfNull(store);
        (_directory, _processes) = (Path.Combine(store.Root, "gpus", "leases"), new ProcessTable(machine));
    }

    /// <summary>Serialises choosing and taking.</summary>
    public Task<FileLock> LockAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(_directory);
        return FileLock.AcquireAsync(Path.Combine(_directory, ".lock"), exclusive: true, cancellation);
    }

    /// <summary>The leases whose process lives; others are removed.</summary>
    public IReadOnlyList<GpuHolder> Held()
    {
        var held = new List<GpuHolder>();
        if (!Directory.Exists(_directory))
        {
            return held;
        }

        foreach (var file in Directory.EnumerateFiles(_directory, "*.json").Order(StringComparer.Ordinal))
        {
            if (Read(file) is { } lease && StartTime(lease.ProcessId) == lease.StartTime)
            {
                held.Add(new GpuHolder(lease.Uuid, lease.Holder));
            }
            else
            {
                File.Delete(file);
            }
        }

        return held;
    }

    /// <summary>Takes GPUs for as long as a process lives. A user who names a GPU may share it, so it may have several leases.</summary>
    /// <param name="gpus">The UUIDs of the GPUs and MIG devices.</param>
    /// <param name="holder">For people, e.g. <c>container trainer-1</c>.</param>
    /// <param name="processId">The process.</param>
    public void Take(IEnumerable<string> gpus, string holder, int processId)
    {
        ArgumentNullException.ThrowIfNull(gpus);
        Directory.CreateDirectory(_directory);
        var start = StartTime(processId) ?? 0;
        foreach (var gpu in gpus)
        {
            var lease = new GpuLease(gpu, holder, processId, start);
            AtomicFile.WriteText(FileOf(gpu, processId), JsonSerializer.Serialize(lease, LeaseJson.Default.GpuLease));
        }
    }

    /// <summary>Gives GPUs back before their process ends.</summary>
    /// <param name="gpus">The UUIDs of the GPUs and MIG devices.</param>
    /// <param name="processId">The process that took them.</param>
    public void Release(IEnumerable<string> gpus, int processId)
    {
        ArgumentNullException.ThrowIfNull(gpus);
        foreach (var gpu in gpus)
        {
            File.Delete(FileOf(gpu, processId));
        }
    }

    private string FileOf(string gpu, int processId) =>
        Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{gpu.Replace('/', '-')}.{processId}.json"));

    private static GpuLease? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), LeaseJson.Default.GpuLease);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private long? StartTime(int processId) => _processes.Find(processId)?.StartTime;
}

internal sealed record GpuLease(string Uuid, string Holder, int ProcessId, long StartTime);

[JsonSerializable(typeof(GpuLease))]
internal sealed partial class LeaseJson : JsonSerializerContext;
