using System.Text.Json.Serialization;

namespace Torchyard.Containers.State;

/// <summary>
/// A program that was started in a container and left to itself, replaced by rename: <c>containers/ID/execs/NUMBER/exec.json</c>.
/// </summary>
public sealed record ExecState
{
    /// <summary>Its number among those of the container, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public required long Started { get; init; }

    /// <summary>The process that keeps its output.</summary>
    public ProcessIdentity? Monitor { get; init; }

    /// <summary>The program, in the host's process ids.</summary>
    public ProcessIdentity? Program { get; init; }

    /// <summary>Milliseconds since 1970, 0 before.</summary>
    public long Finished { get; init; }

    /// <summary>Exit status, 128 + n for signal n; null while it runs, and when nobody was there to see it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Why its status or some of its output is not known; null when they are.</summary>
    public string? Error { get; init; }

    /// <summary>True while it runs.</summary>
    [JsonIgnore]
    public bool IsRunning => Finished == 0 && (Monitor?.IsAlive == true || Program?.IsAlive == true);
}
