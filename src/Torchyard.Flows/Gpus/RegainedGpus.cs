using Torchyard.Containers.Gpus;
using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Gpus;

/// <summary>
/// The GPUs of a container that starts again. A lease of this process keeps them until it is disposed of, after the start: no other start
/// may find them free before the container's own record counts as their holder.
/// </summary>
internal sealed class RegainedGpus : IDisposable
{
    /// <summary>Code of a GPU that somebody else has in the meantime.</summary>
    public const string InUse = "TY4099";

    private readonly GpuLeases _leases;
    private readonly PublishedClaim _claim;
    private readonly IReadOnlyList<string> _uuids;

    private RegainedGpus(GpuLeases leases, PublishedClaim claim, IReadOnlyList<string> uuids) =>
        (_leases, _claim, _uuids) = (leases, claim, uuids);

    /// <summary>Takes the GPUs that the container had; null when it had none.</summary>
    /// <exception cref="TorchyardException">TY4099: another container or program has one of them.</exception>
    public static async Task<RegainedGpus?> TakeAsync(Host host, ContainerRecord record, CancellationToken cancellation)
    {
        if (record.Gpus.Count == 0)
        {
            return null;
        }

        var leases = new GpuLeases(host.Store, host.Gpus().Files);
        using var alone = await leases.LockAsync(cancellation);
        var holders = await GpuHolders.OfAsync(host, leases, cancellation);
        foreach (var gpu in record.Gpus)
        {
            if (holders.FirstOrDefault(holder => holder.Uuid == gpu.Uuid) is { } other)
            {
                throw new TorchyardException(
                    InUse,
                    $"GPU {gpu.Name}, which container {record.Name} had, is in use by {other.Holder}",
                    "stop that one first; or start a new container with other GPUs"
                );
            }
        }

        string[] uuids = [.. record.Gpus.Select(gpu => gpu.Uuid)];
        leases.Take(uuids, $"container {record.Name}", Environment.ProcessId);
        var claim = new GpuClaims(host.Files).Publish(ClaimNames.Shown(record.Name, host.Caller.Variable), container: null, uuids);
        return new RegainedGpus(leases, claim, uuids);
    }

    public void Dispose()
    {
        _leases.Release(_uuids, Environment.ProcessId);
        _claim.Dispose();
    }
}
