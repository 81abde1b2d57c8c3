using System.Globalization;
using Torchyard.Containers.Gpus;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Reports.Overview;
using Torchyard.Reports.Tune;

namespace Torchyard.Flows.Gpus;

/// <summary>
/// GPUs that a container is about to get. From the choice to the start a lease of this process keeps them; then the container's own
/// record does, which counts for as long as a process of it lives, whatever becomes of this one. Dispose it after the start.
/// </summary>
internal sealed class ContainerGpus : IDisposable
{
    private readonly GpuLeases _leases;
    private readonly IReadOnlyList<ChosenGpu> _gpus;

    private ContainerGpus(GpuLeases leases, IReadOnlyList<ChosenGpu> gpus, GpuInjection injection, IReadOnlyList<string> inherited) =>
        (_leases, _gpus, Injection, Inherited) = (leases, gpus, injection, inherited);

    /// <summary>What goes into the request.</summary>
    public GpuInjection Injection { get; }

    /// <summary>
    /// Settings of NCCL, PyTorch and NVSHMEM of the environment that this program runs in, <c>NAME=value</c> each: they win over the
    /// image's, and what the user names for this container wins over them.
    /// </summary>
    public IReadOnlyList<string> Inherited { get; }

    /// <summary>Number of GPUs and MIG devices.</summary>
    public int Count => _gpus.Count;

    /// <summary>Chooses GPUs, takes them for this process, and computes what the container needs; null when there are to be none.</summary>
    /// <param name="host">Who asks, from where.</param>
    /// <param name="request">Which, for whom.</param>
    /// <param name="image">The image, whose linker cache and compat driver are looked at.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TorchyardException">TY5010 to TY5015.</exception>
    public static async Task<ContainerGpus?> ForContainerAsync(
        Host host,
        GpuRequest request,
        StoredImage image,
        CancellationToken cancellation
    )
    {
        if (request.Selection.Kind == GpuSelectionKind.None)
        {
            return null;
        }

        var machine = host.Gpus();
        var leases = new GpuLeases(host.Store, machine.Files);
        var injection = machine.Injection();
        var chosen = await TakeAsync(host, machine, leases, request, cancellation);
        try
        {
            var edits = injection.Edits(chosen);
            var layers = await new RepairingLayers(host).EnsureAsync(image, host.Progress, cancellation);
            using var root = new ImageRoot(layers);
            var cache = injection.WriteLinkerCache(root, Path.Combine(host.Store.Root, "gpus", "linker-caches"), out var note);
            foreach (var text in edits.Notes)
            {
                host.Progress.Warn(text);
            }

            if (note is not null)
            {
                host.Progress.Note(note);
            }

            return new ContainerGpus(leases, chosen, Inject(chosen, edits, cache), Inherit(host));
        }
        catch
        {
            leases.Release(chosen.Select(gpu => gpu.Uuid), Environment.ProcessId);
            throw;
        }
    }

    /// <summary>Who has which GPU: programs that are about to start something, and containers.</summary>
    public static async Task<IReadOnlyList<GpuHolder>> HeldAsync(Host host, GpuLeases leases, CancellationToken cancellation)
    {
        // In this order: a start that ends in between is seen twice, not missed.
        var starting = leases.Held();
        var containers = await host.Containers().ListAsync(cancellation);
        return
        [
            .. containers
                .Where(c => c.State.Status != ContainerStatus.Exited)
                .SelectMany(c => c.Record.Gpus.Select(g => new GpuHolder(g.Uuid, $"container {c.Record.Name}")))
                .Union(starting),
        ];
    }

    public void Dispose() => _leases.Release(_gpus.Select(gpu => gpu.Uuid), Environment.ProcessId);

    private static GpuInjection Inject(IReadOnlyList<ChosenGpu> chosen, ContainerEdits edits, string cache) =>
        new()
        {
            Gpus =
            [
                .. chosen.Select(g => new GrantedGpu(
                    g.Index,
                    g.Uuid,
                    g.Mig is { } mig
                        ? string.Create(CultureInfo.InvariantCulture, $"{g.Index}:{mig.Index}")
                        : g.Index.ToString(CultureInfo.InvariantCulture),
                    g.Model
                )),
            ],
            Edits = edits,
            OwnDirectory = ContainerInjection.OwnDirectory,
            ProgramDirectory = ContainerInjection.ProgramDirectory,
            LinkerCache = cache,
        };

    private static IReadOnlyList<string> Inherit(Host host)
    {
        var passed = InheritedVariables.Of(host.Caller.VariableNames(), host.Caller.Variable, out var left);
        if (left.Count > 0)
        {
            host.Progress.Note(
                $"{string.Join(", ", left)} {(left.Count == 1 ? "names a file" : "name files")} of this machine and "
                    + $"{(left.Count == 1 ? "is" : "are")} not passed on; mount what is needed and name it with -e"
            );
        }

        return passed;
    }

    private static async Task<IReadOnlyList<ChosenGpu>> TakeAsync(
        Host host,
        GpuMachine machine,
        GpuLeases leases,
        GpuRequest request,
        CancellationToken cancellation
    )
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(2), host.Clock);
        var said = false;
        while (true)
        {
            using (await leases.LockAsync(cancellation))
            {
                try
                {
                    var held = request.Selection.Kind is GpuSelectionKind.Count or GpuSelectionKind.AllFree
                        ? await HeldAsync(host, leases, cancellation)
                        : [];
                    var chosen = machine.Choose(request.Selection, held);
                    leases.Take(chosen.Select(gpu => gpu.Uuid), request.Holder, Environment.ProcessId);
                    return chosen;
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

            await timer.WaitForNextTickAsync(cancellation);
        }
    }
}
