using Torchyard.Containers.Starting;
using Torchyard.Containers.State;

namespace Torchyard.Flows.Hosts;

/// <summary>How flows and verbs reach the containers of a host.</summary>
internal static class HostContainers
{
    /// <summary>The containers of the store.</summary>
    public static ContainerStore Containers(this Host host) => new(host.Store, host.Clock, container =>
        {
            if (host.ReportedContainers.Add(container.Record.Id))
            {
                host.Progress.Warn(
                    $"the records of container {container.Record.Name} are damaged ({container.Damage}); 'torchyard check --repair' "
                        + "restores what can be restored, "
                        + $"'torchyard rm --force {container.Record.Name}' removes it"
                );
            }
        });

    /// <summary>A session with a container that was listed.</summary>
    public static ContainerSession Session(this Host host, ContainerInfo container) => new(host.Containers(), container.Record, host.Self);
}
