using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Running;

/// <summary>Starts containers again that have ended, with the GPUs that they had.</summary>
internal sealed class StartAgainFlow(Host host)
{
    private ContainerRestart Restart => new(host.Containers(), host.Self, host.Progress);

    /// <summary>Starts one in the background; nothing happens when it runs.</summary>
    /// <exception cref="TorchyardException">As <see cref="ContainerRestart.StartAsync"/>; TY4099: another container has its
    /// GPUs.</exception>
    public async Task StartAsync(ContainerInfo container, CancellationToken cancellation)
    {
        if (container.IsRunning)
        {
            return;
        }

        using var gpus = await RegainedGpus.TakeAsync(host, container.Record, cancellation);
        await Restart.StartAsync(container, cancellation);
    }

    /// <summary>Starts one with the caller's standard streams.</summary>
    /// <returns>The program's exit status; 0 when the user detached.</returns>
    public async Task<int> RunAsync(ContainerInfo container, CancellationToken cancellation)
    {
        using var gpus = await RegainedGpus.TakeAsync(host, container.Record, cancellation);
        return await Restart.RunAsync(container, CancellationToken.None);
    }

    /// <summary>Stops one that runs, and starts it.</summary>
    /// <param name="container">The container.</param>
    /// <param name="timeout">Time to stop; null: the container's own.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task RestartAsync(ContainerInfo container, TimeSpan? timeout, CancellationToken cancellation)
    {
        // What could not be started again is not stopped.
        ContainerRestart.Require(container.Record);
        await host.Session(container).StopAsync(timeout, cancellation);
        await StartAsync(await host.Containers().FindAsync(container.Record.Id, cancellation), cancellation);
    }
}
