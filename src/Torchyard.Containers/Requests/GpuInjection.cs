namespace Torchyard.Containers.Requests;

/// <summary>
/// What the GPUs of this machine need inside a container: the container edits of a CDI document (cdi/SPEC.md, "containerEdits"),
/// without hooks. Nothing of the image runs to apply them.
/// </summary>
public sealed record GpuInjection
{
    /// <summary>The GPUs, for the container's record.</summary>
    public IReadOnlyList<GrantedGpu> Gpus { get; init; } = [];

    /// <summary>Device nodes, host path and path inside.</summary>
    public IReadOnlyList<InjectedDevice> Devices { get; init; } = [];

    /// <summary>Driver files, bound read-only.</summary>
    public IReadOnlyList<InjectedFile> Files { get; init; } = [];

    /// <summary><c>NAME=value</c> each; wins over the image's environment.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Directory of the driver's programs inside, put behind the image's <c>PATH</c>; null for none.</summary>
    public string? ProgramDirectory { get; init; }

    /// <summary>Groups that own the device nodes.</summary>
    public IReadOnlyList<uint> AdditionalGids { get; init; } = [];

    /// <summary>A ready <c>ld.so.cache</c> that covers the image's, or null.</summary>
    public string? LinkerCache { get; init; }
}

/// <summary>A device node of the host.</summary>
/// <param name="HostPath">Node on the host.</param>
/// <param name="Path">Path inside.</param>
public sealed record InjectedDevice(string HostPath, string Path);

/// <summary>A file or directory of the host.</summary>
/// <param name="HostPath">File on the host.</param>
/// <param name="Path">Path inside.</param>
/// <param name="Options">Mount options beside <c>ro</c>.</param>
public sealed record InjectedFile(string HostPath, string Path, IReadOnlyList<string>? Options = null);

/// <summary>A GPU, or a MIG device of one, that a container has.</summary>
/// <param name="Index">Number of the GPU on the machine, as nvidia-smi counts.</param>
/// <param name="Uuid"><c>GPU-…</c> or <c>MIG-…</c>.</param>
/// <param name="Name">Short name for people: <c>0</c>, or <c>0:1</c> for a MIG device.</param>
/// <param name="Model">Product name; null when unknown.</param>
public sealed record GrantedGpu(int Index, string Uuid, string Name, string? Model);
