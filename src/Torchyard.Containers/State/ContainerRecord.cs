using System.Text.Json.Serialization;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;

namespace Torchyard.Containers.State;

/// <summary>What a container is, written once: <c>containers/ID/container.json</c>.</summary>
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

    /// <summary>Network.</summary>
    public required NetworkMode Network { get; init; }

    /// <summary>Published ports, with the port that was picked where none was named.</summary>
    public required IReadOnlyList<PortMapping> Ports { get; init; }

    /// <summary>Limits.</summary>
    public required EffectiveLimits Limits { get; init; }

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

    /// <summary>GPUs that it has for as long as it lives.</summary>
    public IReadOnlyList<GrantedGpu> Gpus { get; init; } = [];
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

    /// <summary>Exit status, 128 + n for signal n; null while it runs, and when nobody was there to see it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The kernel killed a process of it at the memory limit.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>Most memory it had, in bytes.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Why it could not start, or what went wrong in watching it.</summary>
    public string? Error { get; init; }
}

/// <summary>Source-generated JSON of the state files.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(ContainerState))]
internal sealed partial class StateJson : JsonSerializerContext;
