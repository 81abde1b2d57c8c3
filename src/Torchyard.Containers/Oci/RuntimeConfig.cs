using System.Text.Json.Serialization;

namespace Torchyard.Containers.Oci;

/// <summary><c>config.json</c> of an OCI bundle (runtime-spec 1.1, config.md); only the members that Torchyard writes.</summary>
internal sealed record RuntimeConfig
{
    /// <summary>Version of the specification that the document needs; the lowest that has all members used.</summary>
    public string OciVersion { get; init; } = "1.0.2";

    /// <summary>The program to start.</summary>
    public required ProcessConfig Process { get; init; }

    /// <summary>The root file system.</summary>
    public required RootConfig Root { get; init; }

    /// <summary>Host name inside, or null without a UTS namespace.</summary>
    public string? Hostname { get; init; }

    /// <summary>Mounts, in order.</summary>
    public IReadOnlyList<MountConfig> Mounts { get; init; } = [];

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>The Linux part.</summary>
    public required LinuxConfig Linux { get; init; }
}

/// <summary>The <c>process</c> object (config.md, "Process").</summary>
internal sealed record ProcessConfig
{
    /// <summary>Attach a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>First size of the terminal.</summary>
    public ConsoleSize? ConsoleSize { get; init; }

    /// <summary>User and groups.</summary>
    public required UserConfig User { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>Environment, <c>NAME=value</c> each.</summary>
    public required IReadOnlyList<string> Env { get; init; }

    /// <summary>Working directory, absolute.</summary>
    public required string Cwd { get; init; }

    /// <summary>Capabilities; empty sets drop them all.</summary>
    public CapabilitiesConfig? Capabilities { get; init; }

    /// <summary>Resource limits.</summary>
    public IReadOnlyList<ResourceLimit>? Rlimits { get; init; }

    /// <summary>PR_SET_NO_NEW_PRIVS.</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary>Value for oom_score_adj, -1000 to 1000.</summary>
    public int? OomScoreAdj { get; init; }
}

/// <summary>Size of a terminal in characters.</summary>
internal sealed record ConsoleSize(int Height, int Width);

/// <summary>Ids of a process.</summary>
internal sealed record UserConfig
{
    /// <summary>User id inside.</summary>
    public uint Uid { get; init; }

    /// <summary>Group id inside.</summary>
    public uint Gid { get; init; }

    /// <summary>File mode creation mask.</summary>
    public uint? Umask { get; init; }

    /// <summary>Supplementary groups.</summary>
    public IReadOnlyList<uint>? AdditionalGids { get; init; }
}

/// <summary>Capability sets by name (capabilities(7)).</summary>
internal sealed record CapabilitiesConfig
{
    /// <summary>The same capabilities in all sets that a root program uses; inheritable and ambient stay empty (CVE-2022-24769).</summary>
    public static CapabilitiesConfig Of(IReadOnlyList<string> names) =>
        new()
        {
            Bounding = names,
            Effective = names,
            Permitted = names,
        };

    /// <summary>Bounding set.</summary>
    public IReadOnlyList<string> Bounding { get; init; } = [];

    /// <summary>Effective set.</summary>
    public IReadOnlyList<string> Effective { get; init; } = [];

    /// <summary>Permitted set.</summary>
    public IReadOnlyList<string> Permitted { get; init; } = [];

    /// <summary>Inheritable set.</summary>
    public IReadOnlyList<string> Inheritable { get; init; } = [];

    /// <summary>Ambient set.</summary>
    public IReadOnlyList<string> Ambient { get; init; } = [];
}

/// <summary>One limit of setrlimit(2).</summary>
/// <param name="Type"><c>RLIMIT_NOFILE</c> and so on.</param>
/// <param name="Soft">Soft limit.</param>
/// <param name="Hard">Hard limit.</param>
internal sealed record ResourceLimit(string Type, ulong Soft, ulong Hard);

/// <summary>The <c>root</c> object.</summary>
/// <param name="Path">Directory, absolute or relative to the bundle.</param>
/// <param name="Readonly">Mount it read-only.</param>
internal sealed record RootConfig(string Path, bool Readonly);

/// <summary>One mount (config.md, "Mounts").</summary>
internal sealed record MountConfig
{
    /// <summary>Absolute path inside.</summary>
    public required string Destination { get; init; }

    /// <summary>File system type; <c>bind</c> for bind mounts.</summary>
    public required string Type { get; init; }

    /// <summary>Device, or host path of a bind mount.</summary>
    public required string Source { get; init; }

    /// <summary>Options of mount(8).</summary>
    public IReadOnlyList<string> Options { get; init; } = [];
}

/// <summary>The <c>linux</c> object (config-linux.md).</summary>
internal sealed record LinuxConfig
{
    /// <summary>New namespaces, or paths of ones to join.</summary>
    public required IReadOnlyList<NamespaceConfig> Namespaces { get; init; }

    /// <summary>User id mappings; only with a user namespace.</summary>
    public IReadOnlyList<IdMappingConfig>? UidMappings { get; init; }

    /// <summary>Group id mappings.</summary>
    public IReadOnlyList<IdMappingConfig>? GidMappings { get; init; }

    /// <summary>Device nodes to make.</summary>
    public IReadOnlyList<DeviceConfig>? Devices { get; init; }

    /// <summary>Path of the cgroup below the hierarchy's root.</summary>
    public string? CgroupsPath { get; init; }

    /// <summary>Limits that the runtime sets.</summary>
    public ResourcesConfig? Resources { get; init; }

    /// <summary>System call filter.</summary>
    public SeccompConfig? Seccomp { get; init; }

    /// <summary>Paths that are covered.</summary>
    public IReadOnlyList<string>? MaskedPaths { get; init; }

    /// <summary>Paths that are read-only.</summary>
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    /// <summary>Kernel parameters of the container's namespaces.</summary>
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }

    /// <summary>Propagation of the root mount.</summary>
    public string? RootfsPropagation { get; init; }
}

/// <summary>A namespace.</summary>
/// <param name="Type"><c>pid</c>, <c>network</c>, <c>mount</c>, <c>ipc</c>, <c>uts</c>, <c>user</c>, <c>cgroup</c>.</param>
/// <param name="Path">Namespace file to join instead of a new one.</param>
internal sealed record NamespaceConfig(string Type, string? Path = null);

/// <summary>One range of a user namespace.</summary>
internal sealed record IdMappingConfig(
    [property: JsonPropertyName("containerID")] uint ContainerId,
    [property: JsonPropertyName("hostID")] uint HostId,
    uint Size
);

/// <summary>A device node.</summary>
internal sealed record DeviceConfig
{
    /// <summary>Path inside.</summary>
    public required string Path { get; init; }

    /// <summary><c>c</c> or <c>b</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Major number.</summary>
    public required long Major { get; init; }

    /// <summary>Minor number.</summary>
    public required long Minor { get; init; }

    /// <summary>Permission bits, decimal in JSON.</summary>
    public int? FileMode { get; init; }

    /// <summary>Owner.</summary>
    public uint? Uid { get; init; }

    /// <summary>Group.</summary>
    public uint? Gid { get; init; }
}

/// <summary>The <c>resources</c> object.</summary>
internal sealed record ResourcesConfig
{
    /// <summary>Device allow-list, later rules win.</summary>
    public IReadOnlyList<DeviceRule>? Devices { get; init; }

    /// <summary>Memory.</summary>
    public MemoryResources? Memory { get; init; }

    /// <summary>CPU.</summary>
    public CpuResources? Cpu { get; init; }

    /// <summary>Processes.</summary>
    public PidsResources? Pids { get; init; }
}

/// <summary>Memory limits in bytes; <paramref name="Swap"/> counts memory and swap together, null leaves swap alone.</summary>
internal sealed record MemoryResources(long Limit, long? Swap = null);

/// <summary>CPU bandwidth in microseconds, and CPU list.</summary>
internal sealed record CpuResources(long Quota, ulong Period, string? Cpus = null);

/// <summary>Most processes.</summary>
internal sealed record PidsResources(long Limit);

/// <summary>One rule of the device allow-list.</summary>
internal sealed record DeviceRule
{
    /// <summary>True where the rule allows, false where it forbids.</summary>
    public required bool Allow { get; init; }

    /// <summary><c>c</c> or <c>b</c>; null for both.</summary>
    public string? Type { get; init; }

    /// <summary>Major number; null for all.</summary>
    public long? Major { get; init; }

    /// <summary>Minor number; null for all.</summary>
    public long? Minor { get; init; }

    /// <summary>Any of <c>r</c>, <c>w</c> and <c>m</c> (mknod).</summary>
    public string Access
    {
        // A document without it: the reader that is generated sets null then.
        get => field ?? "rwm";
        init;
    } = "rwm";
}

/// <summary>The <c>seccomp</c> object (config-linux.md, "Seccomp").</summary>
internal sealed record SeccompConfig
{
    /// <summary>Action where no rule matches.</summary>
    public required string DefaultAction { get; init; }

    /// <summary>errno of the default action.</summary>
    public int? DefaultErrnoRet { get; init; }

    /// <summary>Architectures that the filter covers.</summary>
    public required IReadOnlyList<string> Architectures { get; init; }

    /// <summary>Rules.</summary>
    public required IReadOnlyList<SeccompRule> Syscalls { get; init; }
}

/// <summary>One rule of a system call filter.</summary>
internal sealed record SeccompRule
{
    /// <summary>System calls by name.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Action.</summary>
    public required string Action { get; init; }

    /// <summary>errno of the action.</summary>
    public int? ErrnoRet { get; init; }

    /// <summary>Conditions on arguments; all must hold.</summary>
    public IReadOnlyList<SeccompArgument>? Args { get; init; }
}

/// <summary>A condition on one argument of a system call.</summary>
internal sealed record SeccompArgument(uint Index, ulong Value, string Op, ulong? ValueTwo = null);
