using Torchyard.Containers.Engines;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Runtimes;
using Torchyard.Flows.Shipping;
using Torchyard.Images.Store;

namespace Torchyard.Flows.Running;

/// <summary>Prepares the start of a container: finds the image, takes GPUs, puts launcher and engine together.</summary>
internal sealed class RunFlow(Host host)
{
    /// <summary>Prepares a start. What the result holds is held until the container has its own copy.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">As <see cref="RunPlan.Of"/>; TY3010: there is no such image; TY5010
    /// to TY5015: the GPUs cannot be had.</exception>
    public async Task<PreparedRun> PrepareAsync(RunArguments arguments, CancellationToken cancellation)
    {
        var plan = RunPlan.Of(host, arguments);
        // Held so that a prune does not take the layers away in between.
        var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        ContainerGpus? gpus = null;
        try
        {
            var request = plan.Request(await new WantedImage(host).FindAsync(arguments.Image, plan.Pull, cancellation));
            gpus = await ContainerGpus.ForContainerAsync(
                host,
                GpuRequest.ForContainer(plan.Gpus, arguments.WaitForGpus, request.Name ?? arguments.Image),
                request.Image,
                cancellation
            );
            return new PreparedRun(use, gpus)
            {
                Request = request with { Gpus = gpus?.Injection, Environment = [.. gpus?.Inherited ?? [], .. request.Environment] },
                Launcher = new ContainerLauncher(
                    host.Containers(),
                    new RepairingLayers(host),
                    host.Runtimes(plan.Runtime),
                    host.Self,
                    host.Progress
                ),
                Other = new EngineRun(host.Store, plan.Engine ?? ContainerEngine.Docker, arguments.Runtime, host.Progress),
                UsesOther = plan.Engine is not null,
            };
        }
        catch
        {
            gpus?.Dispose();
            use.Dispose();
            throw;
        }
    }
}
