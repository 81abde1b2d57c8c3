namespace Torchyard.Flows.Running;

/// <summary>What the user wrote behind <c>run</c>, each option as it was typed.</summary>
internal sealed record RunArguments
{
    /// <summary>Name of the image, or start of its digest.</summary>
    public required string Image { get; init; }

    /// <summary>Program and arguments; empty for the image's.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary><c>--name</c>.</summary>
    public string? Name { get; init; }

    /// <summary><c>--rm</c>.</summary>
    public bool Remove { get; init; }

    /// <summary><c>--detach</c>.</summary>
    public bool Detach { get; init; }

    /// <summary><c>--interactive</c>.</summary>
    public bool Interactive { get; init; }

    /// <summary><c>--tty</c>.</summary>
    public bool Terminal { get; init; }

    /// <summary><c>--volume</c>.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary><c>--mount</c>.</summary>
    public IReadOnlyList<string> Mounts { get; init; } = [];

    /// <summary><c>--tmpfs</c>.</summary>
    public IReadOnlyList<string> Tmpfs { get; init; } = [];

    /// <summary><c>--publish</c>.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary><c>--env</c>.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    /// <summary><c>--env-file</c>.</summary>
    public IReadOnlyList<string> EnvironmentFiles { get; init; } = [];

    /// <summary><c>--workdir</c>.</summary>
    public string? Directory { get; init; }

    /// <summary><c>--user</c>.</summary>
    public string? User { get; init; }

    /// <summary><c>--group-add</c>.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary><c>--entrypoint</c>; empty removes the image's.</summary>
    public string? Entrypoint { get; init; }

    /// <summary><c>--hostname</c>.</summary>
    public string? Hostname { get; init; }

    /// <summary><c>--label</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary><c>--memory</c>.</summary>
    public string? Memory { get; init; }

    /// <summary><c>--cpus</c>.</summary>
    public string? Cpus { get; init; }

    /// <summary><c>--cpuset-cpus</c>.</summary>
    public string? CpusetCpus { get; init; }

    /// <summary><c>--shm-size</c>.</summary>
    public string? SharedMemory { get; init; }

    /// <summary><c>--pids-limit</c>.</summary>
    public long? Processes { get; init; }

    /// <summary><c>--ulimit</c>.</summary>
    public IReadOnlyList<string> Ulimits { get; init; } = [];

    /// <summary><c>--network</c>.</summary>
    public string? Network { get; init; }

    /// <summary><c>--userns</c>.</summary>
    public string? Users { get; init; }

    /// <summary><c>--read-only</c>.</summary>
    public bool ReadOnly { get; init; }

    /// <summary><c>--stop-signal</c>.</summary>
    public string? StopSignal { get; init; }

    /// <summary><c>--stop-timeout</c>, in seconds.</summary>
    public int? StopTimeout { get; init; }

    /// <summary><c>--gpus</c>.</summary>
    public string? Gpus { get; init; }

    /// <summary><c>--wait</c>.</summary>
    public bool WaitForGpus { get; init; }

    /// <summary><c>--best-effort</c>.</summary>
    public bool BestEffort { get; init; }

    /// <summary><c>--pull</c>.</summary>
    public string? Pull { get; init; }

    /// <summary><c>--engine</c>.</summary>
    public string? Engine { get; init; }

    /// <summary><c>--runtime</c>.</summary>
    public string? Runtime { get; init; }
}
