namespace Torchyard.Supervisor.Services;

/// <summary>What the supervisor itself must do before a service starts.</summary>
internal enum ServiceKind
{
    /// <summary>Nothing.</summary>
    Command,

    /// <summary>Token, certificate and the variables of jupyter_config.py.</summary>
    Jupyter,

    /// <summary>Host keys, authorized keys and the configuration of this start.</summary>
    Ssh,
}

/// <summary>When a service that ended is started again.</summary>
internal enum RestartPolicy
{
    Always,
    OnFailure,
    Never,
}

/// <summary>How a service shows that it works.</summary>
internal enum ProbeKind
{
    /// <summary>Running is enough.</summary>
    None,

    /// <summary>Its port accepts a connection.</summary>
    Tcp,

    /// <summary>Its port answers GET with a status below 500.</summary>
    Http,

    /// <summary>A socket file accepts a connection.</summary>
    Unix,

    /// <summary>A file exists.</summary>
    File,
}

/// <summary>A readiness and health check.</summary>
internal sealed record ProbeDefinition
{
    public ProbeKind Kind { get; init; }

    /// <summary>Request path of an HTTP probe, else path of the socket or file.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Time from the start until a service that is not ready counts as unhealthy.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time between checks of a service that is ready.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Failed checks in a row that make it unhealthy.</summary>
    public int Failures { get; init; } = 3;
}

/// <summary>A service of <c>services.json</c>; docs/supervisor.md describes the file.</summary>
internal sealed record ServiceDefinition
{
    public required string Name { get; init; }

    public ServiceKind Kind { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Programs of which the first that exists takes the place of the command's first word; empty to leave it.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? Directory { get; init; }

    /// <summary>Address of its port.</summary>
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>TCP port; 0 for a free one; null for none.</summary>
    public int? Port { get; init; }

    /// <summary>Path of the static part of its configuration, where its kind has one.</summary>
    public string? Configuration { get; init; }

    public ProbeDefinition Ready { get; init; } = new();

    public RestartPolicy Restart { get; init; } = RestartPolicy.Always;

    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Restarts in a row before it is given up; 0 for no limit.</summary>
    public int MaximumRestarts { get; init; }

    public int StopSignal { get; init; } = Native.Signals.Terminate;

    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Services that must be ready before this one starts, and that stop after it.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>Size at which its log is rotated.</summary>
    public long LogBytes { get; init; } = 10 << 20;

    /// <summary>Rotated logs kept beside the current one.</summary>
    public int LogFiles { get; init; } = 3;
}
