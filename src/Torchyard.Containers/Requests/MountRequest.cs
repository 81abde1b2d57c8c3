using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Requests;

/// <summary>What a mount shows.</summary>
public enum MountKind
{
    /// <summary>A file or directory of the host.</summary>
    Bind,

    /// <summary>A directory that the store keeps under a name, or for this container alone when it has none.</summary>
    Volume,

    /// <summary>Memory.</summary>
    Tmpfs,
}

/// <summary>A mount that the user asked for.</summary>
public sealed record MountRequest
{
    /// <summary>What it shows.</summary>
    public required MountKind Kind { get; init; }

    /// <summary>Host path (absolute) of a bind mount, name of a volume, empty otherwise.</summary>
    public string Source { get; init; } = "";

    /// <summary>Absolute path inside.</summary>
    public required string Target { get; init; }

    /// <summary>The container must not write.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Make a missing host directory, as <c>-v</c> does and <c>--mount</c> does not.</summary>
    public bool CreateSource { get; init; }

    /// <summary>Propagation of a bind mount: <c>rprivate</c>, <c>rslave</c>, <c>rshared</c> and the forms without r.</summary>
    public string Propagation { get; init; } = "rprivate";

    /// <summary>Size of a tmpfs in bytes; null: half of the memory.</summary>
    public long? TmpfsSize { get; init; }

    /// <summary>Permission bits of a tmpfs.</summary>
    public int TmpfsMode { get; init; } = FileModes.SharedDirectory;
}
