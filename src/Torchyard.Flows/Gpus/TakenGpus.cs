using Torchyard.Containers.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Reports.Overview;

namespace Torchyard.Flows.Gpus;

/// <summary>
/// GPUs that this process has taken, of this store by a lease, and of the machine by a claim that other users see. Dispose it to give them
/// back, or when somebody else says that they are taken.
/// </summary>
internal sealed class TakenGpus : IDisposable
{
    private static readonly TimeSpan WaitInterval = TimeSpan.FromSeconds(2);

    private readonly GpuLeases _leases;
    private readonly PublishedClaim _claim;

    private TakenGpus(GpuLeases leases, PublishedClaim claim, IReadOnlyList<ChosenGpu> gpus) =>
        (_leases, _claim, Gpus) = (leases, claim, gpus);

    /// <summary>The GPUs and MIG devices.</summary>
    public IReadOnlyList<ChosenGpu> Gpus { get; }

    /// <summary>Chooses GPUs and takes them.</summary>
    /// <exception cref="TorchyardException">TY5012 to TY5014.</exception>
    public static async Task<TakenGpus> TakeAsync(Host host, GpuRequest request, CancellationToken cancellation)
    {
        var machine = host.Gpus();
        var leases = new GpuLeases(host.Store, machine.Files);
        var said = false;
        while (true)
        {
            var pause = WaitInterval;
            using (await leases.LockAsync(cancellation))
            {
                try
                {
                    if (await TryTakeAsync(host, machine, leases, request, cancellation) is { } taken)
                    {
                        return taken;
                    }

                    // Two users have chosen the same GPU at the same moment, and neither has it. By chance they come back one by one.
                    pause = TimeSpan.FromMilliseconds(Random.Shared.Next(20, 300));
                }
                catch (TorchyardException busy) when (request.Wait && busy.Code == GpuCodes.TooFewFree)
                {
                    if (!said)
                    {
                        host.Progress.Note(busy.Message + "; waiting");
                    }

                    said = true;
                }
            }

            await Task.Delay(pause, host.Clock, cancellation);
        }
    }

    public void Dispose()
    {
        _leases.Release(Gpus.Select(gpu => gpu.Uuid), Environment.ProcessId);
        _claim.Dispose();
    }

    private static async Task<TakenGpus?> TryTakeAsync(
        Host host,
        GpuMachine machine,
        GpuLeases leases,
        GpuRequest request,
        CancellationToken cancellation
    )
    {
        // Who names a GPU may share it.
        var free = request.Selection.Kind is GpuSelectionKind.Count or GpuSelectionKind.AllFree;
        var claims = new GpuClaims(machine.Files);
        var chosen = machine.Choose(request.Selection, free ? await GpuHolders.OfAsync(host, leases, cancellation) : []);
        string[] uuids = [.. chosen.Select(gpu => gpu.Uuid)];
        leases.Take(uuids, request.Holder, Environment.ProcessId);
        var claim = claims.Publish(ClaimNames.Shown(request.Name, host.Caller.Variable), container: null, uuids);
        var taken = new TakenGpus(leases, claim, chosen);
        if (!free || !GpuHolders.Others(claims).Any(other => other.Gpus.Any(uuids.Contains)))
        {
            return taken;
        }

        // Somebody has said so since we looked.
        taken.Dispose();
        return null;
    }
}
