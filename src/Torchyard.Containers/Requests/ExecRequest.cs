using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Requests;

/// <summary>Another program in a running container.</summary>
public sealed record ExecRequest
{
    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary><c>NAME=value</c> each, after the container's own.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Working directory; null: the container's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary><c>user[:group]</c>; null: the container's.</summary>
    public string? User { get; init; }

    /// <summary>Pass standard input on.</summary>
    public bool Interactive { get; init; }

    /// <summary>Give the program a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>
    /// Where Torchyard itself waits for it and keeps what it prints: how long, and how much. A program of the caller's own has none.
    /// </summary>
    public ProgramBounds Bounds { get; init; } = ProgramBounds.Trial;
}
