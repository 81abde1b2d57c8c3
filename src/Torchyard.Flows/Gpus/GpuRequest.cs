using Torchyard.Containers.Gpus;

namespace Torchyard.Flows.Gpus;

/// <summary>The GPUs that somebody wants for a container.</summary>
/// <param name="Selection">Which.</param>
/// <param name="Wait">Wait until enough are free.</param>
/// <param name="Holder">For people, e.g. <c>container trainer-1</c>.</param>
internal sealed record GpuRequest(GpuSelection Selection, bool Wait, string Holder);
