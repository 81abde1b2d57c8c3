using System.Globalization;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Gpus;
using Torchyard.Gpus.Injection;
using Torchyard.Gpus.Tune;
using Torchyard.Images;
using Torchyard.Platform;

namespace Torchyard.GpuAccess;

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
    /// <param name="invocation">The invocation.</param>
    /// <param name="selection">Which.</param>
    /// <param name="wait">Wait until enough GPUs are free.</param>
    /// <param name="holder">For people, e.g. <c>container trainer-1</c>.</param>
    /// <param name="image">The image, whose linker cache and compat driver are looked at.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TorchyardException">TY5010 to TY5015.</exception>
    public static async Task<ContainerGpus?> ForContainerAsync(
        Invocation invocation, GpuSelection selection, bool wait, string holder, StoredImage image, CancellationToken cancellation)
    {
        if (selection.Kind == GpuSelectionKind.None)
            return null;
        var machine = GpuOptions.Machine(invocation);
        var leases = new GpuLeases(invocation.Store, machine.Files);
        var injection = machine.Injection();
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
            return new ContainerGpus(leases, chosen, Inject(chosen, edits, cache), Inherit(invocation));
        }
        catch
        {
            leases.Release(chosen, Environment.ProcessId);
            throw;
        }
    }

    /// <summary>Who has which GPU: programs that are about to start something, and containers.</summary>
    public static async Task<IReadOnlyList<GpuHolder>> HeldAsync(Invocation invocation, GpuLeases leases, CancellationToken cancellation)
    {
        // In this order: a start that ends in between is seen twice, not missed.
        var starting = leases.Held();
        var containers = await invocation.Containers().ListAsync(cancellation);
        return
        [
            .. containers.Where(c => c.State.Status != ContainerStatus.Exited)
                .SelectMany(c => c.Record.Gpus.Select(g => new GpuHolder(g.Uuid, $"container {c.Record.Name}"))),
            .. starting,
        ];
    }

    public void Dispose() => _leases.Release(_gpus, Environment.ProcessId);

    private static GpuInjection Inject(IReadOnlyList<ChosenGpu> chosen, ContainerEdits edits, string cache) => new()
    {
        Gpus = [.. chosen.Select(g => new GrantedGpu(
            g.Index, g.Uuid, g.Mig is { } mig ? string.Create(CultureInfo.InvariantCulture, $"{g.Index}:{mig.Index}") : g.Index.ToString(CultureInfo.InvariantCulture), g.Model))],
        Devices = [.. edits.Devices.Select(d => new InjectedDevice(d.HostPath, d.Path))],
        // A later option wins: sockets must be writable, or connecting to them fails.
        Files = [.. edits.Mounts.Select(m => new InjectedFile(m.HostPath, m.Path, m.IsSocket ? ["noexec", "rw"] : null))],
        Environment = edits.Environment,
        AdditionalGids = [.. edits.AdditionalGids.Select(g => (uint)g)],
        ProgramDirectory = ContainerInjection.ProgramDirectory,
        LinkerCache = cache,
    };

    private static IReadOnlyList<string> Inherit(Invocation invocation)
    {
        var passed = InheritedVariables.Of(invocation.Caller.VariableNames(), invocation.Caller.Variable, out var left);
        if (left.Count > 0)
        {
            invocation.Screen.Progress.Note(
                $"{string.Join(", ", left)} {(left.Count == 1 ? "names a file" : "name files")} of this machine and {(left.Count == 1 ? "is" : "are")} not passed on; mount what is needed and name it with -e");
        }

        return passed;
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
                    var held = selection.Kind is GpuSelectionKind.Count or GpuSelectionKind.AllFree ? await HeldAsync(invocation, leases, cancellation) : [];
                    var chosen = machine.Choose(selection, held);
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
