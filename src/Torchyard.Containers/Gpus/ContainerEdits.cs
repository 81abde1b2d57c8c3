namespace Torchyard.Containers.Gpus;

/// <summary>
/// What a container gets so that it can use GPUs: the container edits of a CDI document (SPEC.md, "containerEdits"), without hooks.
/// </summary>
public sealed record ContainerEdits
{
    /// <summary>Device nodes; everything else under /dev stays closed.</summary>
    public IReadOnlyList<EditedDevice> Devices { get; init; } = [];

    /// <summary>Files, sockets and directories of the driver.</summary>
    public IReadOnlyList<EditedMount> Mounts { get; init; } = [];

    /// <summary><c>NAME=value</c> each; wins over the image's environment.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Groups that own device nodes which are not open to everybody.</summary>
    public IReadOnlyList<uint> AdditionalGids { get; init; } = [];

    /// <summary>What users should know: a driver library that is missing, a compat library that was left out and why.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>
/// A character device of the host. Its numbers are read once, so a container may open what was found and nothing that took its place.
/// </summary>
/// <param name="HostPath">Node on the host.</param>
/// <param name="Path">Path inside.</param>
/// <param name="Major">Major number.</param>
/// <param name="Minor">Minor number; not the NVML index.</param>
public sealed record EditedDevice(string HostPath, string Path, int Major, int Minor);

/// <summary>A file, socket or directory of the host.</summary>
/// <param name="HostPath">File on the host, links followed.</param>
/// <param name="Path">Path inside.</param>
/// <param name="IsSocket">True for a socket or a directory of sockets: it must not be mounted read-only.</param>
/// <param name="IsTransient">True when it is there only while a daemon runs, in a directory where others could make it afterwards.</param>
public sealed record EditedMount(string HostPath, string Path, bool IsSocket = false, bool IsTransient = false);
