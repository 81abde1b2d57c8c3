using Torchyard.Containers.Gpus;

namespace Torchyard.Flows.Gpus;

/// <summary>The GPUs that somebody wants for a container.</summary>
/// <param name="Selection">Which.</param>
/// <param name="Wait">Wait until enough are free.</param>
/// <param name="Holder">For people, e.g. <c>container trainer-1</c>.</param>
internal sealed record GpuRequest(GpuSelection Selection, bool Wait, string Holder)
{
    /// <summary>What other users see of it.</summary>
    public string Name => Holder.StartsWith(Container, StringComparison.Ordinal) ? Holder[Container.Length..] : Holder;

    private const string Container = "container ";

    /// <summary>A request for a container.</summary>
    public static GpuRequest ForContainer(GpuSelection selection, bool wait, string name) => new(selection, wait, Container + name);
}
