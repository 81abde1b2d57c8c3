using System.Text.Json.Serialization;

namespace Torchyard.Containers.Namespaces;

/// <summary>What is prepared in a private mount namespace before a program is started in it.</summary>
internal sealed record NamespacePlan
{
    /// <summary>Root file system to assemble, or null.</summary>
    public OverlayPlan? Overlay { get; init; }

    /// <summary>
    /// Cover of cgroup2 in a hybrid layout: crun up to 1.27 refuses a cgroup2 hierarchy beside v1 ones even when it is not used.
    /// </summary>
    public CgroupCover CgroupCover { get; init; }

    /// <summary>Mounts with other ids, bound by the runtime afterwards.</summary>
    public IReadOnlyList<IdmappedMount> Idmapped { get; init; } = [];

    /// <summary><c>cgroup.procs</c> files that the process writes itself into before it starts the program.</summary>
    public IReadOnlyList<string> JoinCgroups { get; init; } = [];
}

/// <summary>How the cgroup file systems are hidden from the runtime.</summary>
internal enum CgroupCover
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Unmount the <c>unified</c> directory of a hybrid layout; needs the machine's root.</summary>
    UnmountUnified,

    /// <summary>An empty tmpfs over /sys/fs/cgroup: all that a user namespace may do.</summary>
    Tmpfs,
}

/// <summary>An overlay mount; <see cref="OverlayPaths"/> names its directories.</summary>
internal sealed record OverlayPlan
{
    /// <summary>Working directory of the mount, for the links in it.</summary>
    public string Directory { get; init; } = "/";

    /// <summary>Lower directories, top first; none binds the upper one alone.</summary>
    public IReadOnlyList<string> Lower { get; init; } = [];

    /// <summary>Takes the changes.</summary>
    public string Upper { get; init; } = "";

    /// <summary>The kernel's work directory, on the file system of <see cref="Upper"/>.</summary>
    public string Work { get; init; } = "";

    /// <summary>Where to mount.</summary>
    public required string Target { get; init; }

    /// <summary>Marks in the <c>user.overlay.</c> namespace: what a user namespace may write (kernel 5.11).</summary>
    public bool UserXattr { get; init; }

    /// <summary>No fsync reaches the disk: for roots that are thrown away after a crash (kernel 5.10).</summary>
    public bool Volatile { get; init; }
}

/// <summary>Carries a plan to the process that enters a user namespace.</summary>
[JsonSerializable(typeof(NamespacePlan))]
internal sealed partial class NamespaceJson : JsonSerializerContext;
