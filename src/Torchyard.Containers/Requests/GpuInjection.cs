using Torchyard.Containers.Gpus;

namespace Torchyard.Containers.Requests;

/// <summary>GPUs that a container has, and what it needs to use them. Nothing of the image runs to apply it.</summary>
public sealed record GpuInjection
{
    /// <summary>The GPUs, for the container's record.</summary>
    public IReadOnlyList<GrantedGpu> Gpus { get; init; } = [];

    /// <summary>Devices, files and variables.</summary>
    public required ContainerEdits Edits { get; init; }

    /// <summary>
    /// Directory inside that is the driver's alone: links and files that an image has in it or in its place are replaced; null for none.
    /// </summary>
    public string? OwnDirectory { get; init; }

    /// <summary>Directory of the driver's programs inside, put behind the image's <c>PATH</c>; null for none.</summary>
    public string? ProgramDirectory { get; init; }

    /// <summary>A ready <c>ld.so.cache</c> that covers the image's, or null.</summary>
    public string? LinkerCache { get; init; }
}

/// <summary>A GPU, or a MIG device of one, that a container has.</summary>
/// <param name="Index">Number of the GPU on the machine, as nvidia-smi counts.</param>
/// <param name="Uuid"><c>GPU-…</c> or <c>MIG-…</c>.</param>
/// <param name="Name">Short name for people: <c>0</c>, or <c>0:1</c> for a MIG device.</param>
/// <param name="Model">Product name; null when unknown.</param>
public sealed record GrantedGpu(int Index, string Uuid, string Name, string? Model = null);
