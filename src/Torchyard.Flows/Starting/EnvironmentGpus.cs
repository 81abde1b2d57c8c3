using Torchyard.Containers.Requests;

namespace Torchyard.Flows.Starting;

/// <summary>The GPUs of an environment and the settings that suit them. Dispose it after the start.</summary>
/// <param name="Injection">What goes into the request.</param>
/// <param name="Environment"><c>NAME=value</c> each: what the machine has set, and what <c>tune</c> proposes where nobody has set
/// anything.</param>
/// <param name="Lease">Keeps the GPUs until the container has them.</param>
internal sealed record EnvironmentGpus(GpuInjection Injection, IReadOnlyList<string> Environment, IDisposable Lease) : IDisposable
{
    public void Dispose() => Lease.Dispose();
}
