using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Gpus;
using Torchyard.Gpus.Injection;
using Torchyard.Images;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary>GPUs that a container is about to get. Dispose it once the container runs and the lease has been given to its process.</summary>
internal sealed class ContainerGpus : IDisposable
{
    private readonly GpuLeases _leases;
    private readonly IReadOnlyList<ChosenGpu> _gpus;
    private bool _handedOver;

    private ContainerGpus(GpuLeases leases, IReadOnlyList<ChosenGpu> gpus, GpuInjection injection) =>
        (_leases, _gpus, Injection) = (leases, gpus, injection);

    /// <summary>What goes into the request.</summary>
    public GpuInjection Injection { get; }

    /// <summary>Chooses GPUs, takes them for this process, and computes what the container needs; null when none were asked for.</summary>
    /// <param name="invocation">The invocation.</param>
    /// <param name="gpus">Value of <c>--gpus</c>; null is none.</param>
    /// <param name="wait">Wait until enough GPUs are free.</param>
    /// <param name="holder">For people, e.g. <c>container trainer-1</c>.</param>
    /// <param name="image">The image, whose linker cache and compat driver are looked at.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TorchyardException">TY5010 to TY5015.</exception>
    public static async Task<ContainerGpus?> ForContainerAsync(
        Invocation invocation, string? gpus, bool wait, string holder, StoredImage image, CancellationToken cancellation)
    {
        var selection = gpus is null ? GpuSelection.None : GpuSelection.Parse(gpus);
        if (selection.Kind == GpuSelectionKind.None)
            return null;
        var machine = GpuOptions.Machine(invocation);
        var injection = machine.Injection();
        var leases = new GpuLeases(invocation.Store, machine.Files);
        var chosen = await TakeAsync(invocation, machine, leases, selection, wait, holder, cancellation);
        try
        {
            var edits = injection.Edits(chosen);
            var layers = await new MendingLayers(invocation).EnsureAsync(image, invocation.Screen.Progress, cancellation);
            var cache = injection.WriteLinkerCache(new ImageRoot(layers), Path.Combine(invocation.Store.Root, "gpus", "linker-caches"), out var note);
            foreach (var text in edits.Notes)
                invocation.Screen.Progress.Warn(text);
            if (note is not null)
                invocation.Screen.Progress.Note(note);
            return new ContainerGpus(leases, chosen, new GpuInjection
            {
                Devices = [.. edits.Devices.Select(d => new InjectedDevice(d.HostPath, d.Path))],
                // A later option wins: sockets must be writable, or connecting to them fails.
                Files = [.. edits.Mounts.Select(m => new InjectedFile(m.HostPath, m.Path, m.IsSocket ? ["noexec", "rw"] : null))],
                Environment = edits.Environment,
                AdditionalGids = [.. edits.AdditionalGids.Select(g => (uint)g)],
                LinkerCache = cache,
            });
        }
        catch
        {
            leases.Release(chosen);
            throw;
        }
    }

    /// <summary>Gives the lease to the process that lives as long as the container: its monitor or first process.</summary>
    public void HandOver(string holder, int processId)
    {
        _leases.Take(_gpus, holder, processId);
        _handedOver = true;
    }

    public void Dispose()
    {
        if (!_handedOver)
            _leases.Release(_gpus);
    }

    private static async Task<IReadOnlyList<ChosenGpu>> TakeAsync(
        Invocation invocation, GpuMachine machine, GpuLeases leases, GpuSelection selection, bool wait, string holder, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(2), invocation.Caller.Clock);
        var said = false;
        while (true)
        {
            using (await leases.LockAsync(cancellation))
            {
                try
                {
                    var chosen = machine.Choose(selection, leases.Held());
                    leases.Take(chosen, holder, Environment.ProcessId);
                    return chosen;
                }
                catch (TorchyardException busy) when (wait && busy.Code == "TY5013")
                {
                    if (!said)
                        invocation.Screen.Progress.Note(busy.Message + "; waiting");
                    said = true;
                }
            }

            await timer.WaitForNextTickAsync(cancellation);
        }
    }
}
