using System.Text.Json.Serialization;
using Torchyard.Platform.Files;

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

    /// <summary>
    /// Directory that gets a memory file system of its own, in which <see cref="Trees"/> and the root file system are attached; null for
    /// none. Every user must be able to search the way there: inside a user namespace the runtime is nobody on the machine.
    /// </summary>
    public string? Stage { get; init; }

    /// <summary>
    /// Id that an ordinary user has in the user namespace, with whose rights trees are opened that its root may not reach; null without
    /// one.
    /// </summary>
    public uint? CallerInside { get; init; }

    /// <summary>What the container sees of the host.</summary>
    public IReadOnlyList<TreePlan> Trees { get; init; } = [];

    /// <summary>Places in the root file system that the runtime will mount on, made ready before it sees them.</summary>
    public MountPointPlan? MountPoints { get; init; }

    /// <summary>
    /// Hard limits of setrlimit(2) that must be raised here, because a runtime in a user namespace cannot: resource and value.
    /// </summary>
    public IReadOnlyList<HardLimit> HardLimits { get; init; } = [];

    /// <summary><c>cgroup.procs</c> files that the process writes itself into before it starts the program.</summary>
    public IReadOnlyList<string> JoinCgroups { get; init; } = [];
}

/// <summary>A hard limit of setrlimit(2).</summary>
/// <param name="Resource">RLIMIT_ number.</param>
/// <param name="Value">Value; the largest is unlimited.</param>
internal sealed record HardLimit(int Resource, ulong Value);

/// <summary>Mount points of a container.</summary>
internal sealed record MountPointPlan
{
    /// <summary>The OCI configuration whose destinations are made ready; written again when one of them leads through a link.</summary>
    public required string Configuration { get; init; }

    /// <summary>Destinations of Torchyard's own files, which replace links of the image.</summary>
    public required IReadOnlyList<string> Own { get; init; }

    /// <summary>Directories that are Torchyard's alone: links and files in them, or in their place, are replaced, too.</summary>
    public required IReadOnlyList<string> OwnDirectories { get; init; }

    /// <summary>Owner of what is made: the container's root.</summary>
    public required uint Uid { get; init; }

    /// <summary>Group of it.</summary>
    public required uint Gid { get; init; }

    /// <summary>
    /// Bind what is mounted below a source with an entry of its own: crun 1.8 leaves it out of recursive bind mounts of a container with a
    /// user namespace.
    /// </summary>
    public required bool NameMountsBelow { get; init; }

    /// <summary>Further names of files that are mounted in the root file system.</summary>
    public required IReadOnlyList<LinkPlan> Links { get; init; }
}

/// <summary>A symbolic link in a directory that is Torchyard's own.</summary>
/// <param name="Path">Absolute path inside.</param>
/// <param name="Target">Name of a file in the same directory.</param>
internal sealed record LinkPlan(string Path, string Target);

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
    /// <summary>Working directory of the mount, for the links in it; null: the stage.</summary>
    public string? Directory { get; init; } = "/";

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
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(NamespacePlan))]
internal sealed partial class NamespaceJson : JsonSerializerContext
{
    /// <summary>How a plan is read.</summary>
    public static RecordFormat<NamespacePlan> Plan =>
        new(Default.NamespacePlan, plan => Enum.IsDefined(plan.CgroupCover) ? null : "names a cover that there is not");
}
