using Torchyard.Platform.Processes;

namespace Torchyard.Images.Sandbox;

/// <summary>
/// Runs a program inside a root file system, isolated and without network unless asked: how dpkg configures packages during a build.
/// Torchyard.Containers implements it over an OCI runtime, as root and rootless.
/// </summary>
public interface IRootSandbox
{
    /// <summary>Runs one program to its end.</summary>
    /// <param name="request">What to run where.</param>
    /// <param name="cancellation">Kills everything inside.</param>
    /// <returns>Its exit code and the tail of what it printed.</returns>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY9027: it reached the end of its bounds.</exception>
    Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation);
}

/// <summary>A program to run in a sandbox.</summary>
public sealed record SandboxRequest
{
    /// <summary>Lower layers of the root, top first, absolute; empty when <see cref="Upper"/> alone is the whole root.</summary>
    public required IReadOnlyList<string> Lower { get; init; }

    /// <summary>
    /// Directory that takes every change, absolute; it and <see cref="Work"/> are on one file system. Null: changes are thrown away.
    /// </summary>
    public required string? Upper { get; init; }

    /// <summary>overlayfs work directory, empty; ignored when <see cref="Lower"/> is empty or <see cref="Upper"/> null.</summary>
    public required string? Work { get; init; }

    /// <summary>Program and arguments; the program is an absolute path inside the root.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Whole environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Read-only bind mounts, host path to path inside.</summary>
    public IReadOnlyDictionary<string, string> ReadOnlyMounts { get; init; } = new Dictionary<string, string>();

    /// <summary>Writable bind mounts, host path to path inside, such as pip's cache.</summary>
    public IReadOnlyDictionary<string, string> WritableMounts { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// True to share the host's network: for pip at lock time, which talks to Torchyard's own index on loopback. Never for building.
    /// </summary>
    public bool HostNetwork { get; init; }

    /// <summary>How long it may take; what it prints is cut by itself.</summary>
    public ProgramBounds Bounds { get; init; } = ProgramBounds.Build;

    /// <summary>Gets each line that the program prints, standard output and standard error together.</summary>
    public Action<string>? OnLine { get; init; }
}

/// <summary>How a sandboxed program ended.</summary>
/// <param name="ExitCode">Exit status, 128 + n for signal n.</param>
/// <param name="Tail">The last lines it printed, at most 16 KiB.</param>
public sealed record SandboxResult(int ExitCode, string Tail);
