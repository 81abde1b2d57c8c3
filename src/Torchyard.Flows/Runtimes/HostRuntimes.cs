using Torchyard.Containers.Runtimes;
using Torchyard.Flows.Hosts;

namespace Torchyard.Flows.Runtimes;

/// <summary>The OCI runtimes that flows use.</summary>
internal static class HostRuntimes
{
    /// <summary>The machine's crun or runc, else crun of Debian.</summary>
    /// <param name="host">Who asks, from where.</param>
    /// <param name="wanted">Only this one, or null for either; runc is not fetched.</param>
    public static IOciRuntimeSource Runtimes(this Host host, OciRuntimeKind? wanted = null) =>
        host.Runtime ?? new MachineRuntimeSource(wanted, wanted == OciRuntimeKind.Runc ? null : new FetchedRuntime(host));
}
