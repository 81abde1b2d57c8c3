using Torchyard.Images.Oci;

namespace Torchyard.Containers.Requests;

/// <summary>What <c>run</c> and <c>up</c> ask for; null and empty members follow the image or the machine.</summary>
public sealed record RunRequest
{
    /// <summary>Code of the failure when another container has the name.</summary>
    public const string NameTaken = "TY4038";

    /// <summary>The image.</summary>
    public required StoredImage Image { get; init; }

    /// <summary>The image as the user named it, for <c>ps</c>.</summary>
    public string ImageName { get; init; } = "";

    /// <summary>Container name; null: made up.</summary>
    public string? Name { get; init; }

    /// <summary>Program and arguments in place of the image's <c>Cmd</c>; null: the image's.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>In place of the image's entry point; an empty list removes it.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary><c>NAME=value</c> each, after the image's own.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Working directory.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary><c>user[:group]</c>, names or numbers.</summary>
    public string? User { get; init; }

    /// <summary>Further groups, names or numbers.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Labels by which containers are found again.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Mounts.</summary>
    public IReadOnlyList<MountRequest> Mounts { get; init; } = [];

    /// <summary>
    /// Directories that containers may change, such as the project's: a link in one of them counts for nothing in the source of a mount.
    /// </summary>
    public IReadOnlyList<string> OpenToContainers { get; init; } = [];

    /// <summary>Whose ids the users inside are.</summary>
    public UserNamespaceMode UserNamespace { get; init; } = UserNamespaceMode.Own;

    /// <summary>Published ports; only with <see cref="NetworkMode.Private"/>.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary>Limits.</summary>
    public ContainerLimits Limits { get; init; } = new();

    /// <summary>Limits of setrlimit(2) that the user named.</summary>
    public IReadOnlyList<Ulimit> Ulimits { get; init; } = [];

    /// <summary>Network.</summary>
    public NetworkMode Network { get; init; } = NetworkMode.Host;

    /// <summary>Host name; null: the host's with its network, else the container's name.</summary>
    public string? Hostname { get; init; }

    /// <summary>The root file system is read-only.</summary>
    public bool ReadOnlyRoot { get; init; }

    /// <summary>Remove the container when it ends.</summary>
    public bool Remove { get; init; }

    /// <summary>Keep standard input open.</summary>
    public bool Interactive { get; init; }

    /// <summary>Give the program a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>A limit that the machine cannot enforce is a warning instead of an error.</summary>
    public bool BestEffort { get; init; }

    /// <summary>GPU device nodes, driver files and environment, as found on this machine.</summary>
    public GpuInjection? Gpus { get; init; }

    /// <summary>Stop it when its GPUs were idle for so long; zero: never.</summary>
    public TimeSpan IdleRelease { get; init; }

    /// <summary>Signal that asks the program to stop; null: the image's, else SIGTERM.</summary>
    public string? StopSignal { get; init; }

    /// <summary>Time that the program has to stop before it is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Whose ids the users inside are, when the machine's root starts a container.</summary>
public enum UserNamespaceMode
{
    /// <summary>The container's own: uid 1000 inside is nobody on the machine.</summary>
    Own,

    /// <summary>The machine's: uid 1000 inside is uid 1000 outside.</summary>
    Host,
}

/// <summary>Which network a container has.</summary>
public enum NetworkMode
{
    /// <summary>The host's: NCCL sees all interfaces.</summary>
    Host,

    /// <summary>Its own, with published ports.</summary>
    Private,

    /// <summary>Loopback only.</summary>
    None,
}

/// <summary>Limits of a container; null follows the machine.</summary>
public sealed record ContainerLimits
{
    /// <summary>Memory in bytes, shared memory included.</summary>
    public long? Memory { get; init; }

    /// <summary>CPUs, e.g. 1.5.</summary>
    public double? Cpus { get; init; }

    /// <summary>CPU numbers as <c>0-3,8</c> (cpuset(7), "List format").</summary>
    public string? CpusetCpus { get; init; }

    /// <summary>Size of <c>/dev/shm</c> in bytes; null: half of the memory limit.</summary>
    public long? SharedMemory { get; init; }

    /// <summary>Most processes and threads.</summary>
    public long? Processes { get; init; }
}

/// <summary>A limit of setrlimit(2); null is unlimited.</summary>
/// <param name="Name">Name as ulimit and docker have it: <c>nofile</c>, <c>memlock</c>, …</param>
/// <param name="Soft">Soft limit.</param>
/// <param name="Hard">Hard limit.</param>
public sealed record Ulimit(string Name, ulong? Soft, ulong? Hard);
