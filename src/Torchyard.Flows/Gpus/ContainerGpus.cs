using System.Globalization;
using Torchyard.Containers.Gpus;
using Torchyard.Containers.Requests;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Reports.Tune;

namespace Torchyard.Flows.Gpus;

/// <summary>
/// GPUs that a container is about to get. From the choice to the start a lease of this process keeps them; then the container's own
/// record does, which counts for as long as a process of it lives, whatever becomes of this one. Dispose it after the start.
/// </summary>
internal sealed class ContainerGpus : IDisposable
{
    private readonly TakenGpus _taken;

    private ContainerGpus(TakenGpus taken, GpuInjection injection, IReadOnlyList<string> inherited) =>
        (_taken, Injection, Inherited) = (taken, injection, inherited);

    /// <summary>What goes into the request.</summary>
    public GpuInjection Injection { get; }

    /// <summary>
    /// Settings of NCCL, PyTorch and NVSHMEM of the environment that this program runs in, <c>NAME=value</c> each: they win over the
    /// image's, and what the user names for this container wins over them.
    /// </summary>
    public IReadOnlyList<string> Inherited { get; }

    /// <summary>Number of GPUs and MIG devices.</summary>
    public int Count => _taken.Gpus.Count;

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
        var injection = machine.Injection();
        var taken = await TakenGpus.TakeAsync(host, request, cancellation);
        try
        {
            var edits = injection.Edits(taken.Gpus);
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

            return new ContainerGpus(taken, Inject(taken.Gpus, edits, cache), Inherit(host));
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    public void Dispose() => _taken.Dispose();

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
}
