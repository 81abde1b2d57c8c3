using System.Text.Json.Serialization;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.State;

/// <summary>What a container is, <c>containers/ID/container.json</c>: written when it is made, and when its limits change.</summary>
public sealed record ContainerRecord
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Name, unique among the containers of the store.</summary>
    public required string Name { get; init; }

    /// <summary>The image as the user named it.</summary>
    public required string ImageName { get; init; }

    /// <summary>Digest of the image's manifest, <c>sha256:…</c>.</summary>
    public required string ImageDigest { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The runtime that started it.</summary>
    public required OciRuntime Runtime { get; init; }

    /// <summary>True when it runs in a user namespace of the caller.</summary>
    public required bool Rootless { get; init; }

    /// <summary>Id that the caller has in that namespace: the container user's, so that files on mounts belong to the caller.</summary>
    public required uint CallerInside { get; init; }

    /// <summary>True when that user namespace knows more ids than the caller's.</summary>
    public required bool FullMapping { get; init; }

    /// <summary>
    /// Ids of its user namespace, inside and on the machine, when root gave it one; null: rootless, or it shares the machine's ids.
    /// </summary>
    public IdMapping? Ids { get; init; }

    /// <summary>Network.</summary>
    public required NetworkMode Network { get; init; }

    /// <summary>Published ports, with the port that was picked where none was named.</summary>
    public required IReadOnlyList<PortMapping> Ports { get; init; }

    /// <summary>Limits.</summary>
    public required EffectiveLimits Limits { get; init; }

    /// <summary>What was asked for of them; the rest are the machine's. Null for a container of an older program.</summary>
    public ContainerLimits? AskedLimits { get; init; }

    /// <summary>Limits by option that the machine does not enforce.</summary>
    public required IReadOnlyList<string> NotEnforced { get; init; }

    /// <summary>Remove it when it ends.</summary>
    public required bool Remove { get; init; }

    /// <summary>It has a terminal.</summary>
    public required bool Terminal { get; init; }

    /// <summary>Its standard input stays open.</summary>
    public required bool Interactive { get; init; }

    /// <summary>Signal that asks it to stop, e.g. <c>SIGTERM</c>.</summary>
    public required string StopSignal { get; init; }

    /// <summary>Seconds it has to stop.</summary>
    public required int StopTimeout { get; init; }

    /// <summary>cgroup controller to directory.</summary>
    public required IReadOnlyDictionary<string, string> Cgroups { get; init; }

    /// <summary>True when the runtime manages a cgroup of its own below these.</summary>
    public required bool RuntimeCgroup { get; init; }

    /// <summary>Name under which the filter that the runtime compiles is to be kept; null when it was given one.</summary>
    public string? NewFilter { get; init; }

    /// <summary>Bind mounts and volumes, <c>SOURCE -> TARGET</c>, for people.</summary>
    public required IReadOnlyList<MountRequest> Mounts { get; init; }

    /// <summary>False for a container whose record and its copy are lost: only its id is known then.</summary>
    [JsonIgnore]
    public bool IsKnown { get; init; } = true;

    /// <summary>Seconds after which it is stopped when its GPUs are idle; 0: never.</summary>
    public long IdleRelease { get; init; }

    /// <summary>GPUs that it has for as long as it lives.</summary>
    public IReadOnlyList<GrantedGpu> Gpus
    {
        get => field ?? [];
        init;
    } = [];
}

/// <summary>Where a container is in its life.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ContainerStatus>))]
public enum ContainerStatus
{
    /// <summary>Being made; not started yet.</summary>
    Created,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Ended.</summary>
    Exited,
}

/// <summary>How a container is, replaced by rename: <c>containers/ID/state.json</c>.</summary>
public sealed record ContainerState
{
    /// <summary>Status as last written; <see cref="ContainerStore"/> checks it against the processes.</summary>
    public required ContainerStatus Status { get; init; }

    /// <summary>The process that watches the container.</summary>
    public ProcessIdentity? Monitor { get; init; }

    /// <summary>The container's first process, in the host's process ids.</summary>
    public ProcessIdentity? Init { get; init; }

    /// <summary>Milliseconds since 1970, 0 before.</summary>
    public long Started { get; init; }

    /// <summary>Milliseconds since 1970, 0 before.</summary>
    public long Finished { get; init; }

    /// <summary>How often it was started again: since the first time it has what it wrote, and a start that fails keeps it.</summary>
    public int Restarts { get; init; }

    /// <summary>Exit status, 128 + n for signal n; null while it runs, and when nobody was there to see it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The kernel killed a process of it at the memory limit.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>It failed, and processes or threads had been refused because of <c>--pids-limit</c>.</summary>
    public bool OutOfProcesses { get; init; }

    /// <summary>Most memory it had, in bytes.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>When it will be stopped because its GPUs are idle, unless they are used: milliseconds since 1970, 0 for not.</summary>
    public long IdleStop { get; init; }

    /// <summary>Why Torchyard itself stopped it, for people; null when it did not.</summary>
    public string? Stopped { get; init; }

    /// <summary>Why it could not start, or what went wrong in watching it.</summary>
    public string? Error { get; init; }
}

/// <summary>Source-generated JSON of the state files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(ContainerState))]
[JsonSerializable(typeof(ExecState))]
internal sealed partial class StateJson : JsonSerializerContext
{
    // 9999-12-31, the last day that .NET counts to.
    private const long LastSecond = 253_402_300_799;
    private const long MostIdleSeconds = 366 * 86_400;

    /// <summary>How <c>container.json</c> is read.</summary>
    public static RecordFormat<ContainerRecord> Record => new(Default.ContainerRecord, Problem);

    /// <summary>How <c>state.json</c> is read.</summary>
    public static RecordFormat<ContainerState> State => new(Default.ContainerState, Problem);

    /// <summary>How <c>exec.json</c> is read.</summary>
    public static RecordFormat<ExecState> Exec => new(Default.ExecState, Problem);

    private static string? Problem(ExecState state) =>
        state switch
        {
            { Number: <= 0 } => "has no number",
            { Command: [] } => "has no program",
            { Started: < 0 or > LastSecond * 1000 } or { Finished: < 0 or > LastSecond * 1000 } => "has a time that there is not",
            { Monitor.Id: <= 0 } or { Program.Id: <= 0 } => "names a process that there is not",
            _ => null,
        };

    private static string? Problem(ContainerRecord record) =>
        record switch
        {
            { Id: var id } when !ContainerId.IsOne(id) => "has no container's id",
            { Name: "" } => "has no name",
            { Created: < 0 or > LastSecond } => "was made at a time that there is not",
            { StopTimeout: < -1 } => "has a negative time to stop",
            { IdleRelease: < 0 or > MostIdleSeconds } => "has a time for idle GPUs that there is not",
            { Limits: { Memory: < 0 } or { SharedMemory: < 0 } or { Processes: < -1 } or { Cpus: < 0 or double.NaN } } =>
                "has a negative limit",
            { Ports: var ports } when ports.Any(port => port is not { HostPort: >= 0 and <= 65535, ContainerPort: >= 0 and <= 65535 }) =>
                "has a port that there is not",
            _ when !Enum.IsDefined(record.Network)
                    || !Enum.IsDefined(record.Runtime.Kind)
                    || record.Mounts.Any(mount => !Enum.IsDefined(mount.Kind)) =>
                "has a kind of network, runtime or mount that there is not",
            _ => null,
        };

    private static string? Problem(ContainerState state) =>
        state switch
        {
            _ when !Enum.IsDefined(state.Status) => "has a status that there is not",
            { Started: < 0 or > LastSecond * 1000 } or { Finished: < 0 or > LastSecond * 1000 } => "has a time that there is not",
            { IdleStop: < 0 or > LastSecond * 1000 } => "has a time that there is not",
            { Init.Id: <= 0 } or { Monitor.Id: <= 0 } => "names a process that there is not",
            { Restarts: < 0 } => "was started again less often than never",
            { Status: Torchyard.Containers.State.ContainerStatus.Running, Init: null } => "runs and has no process",
            _ => null,
        };
}
