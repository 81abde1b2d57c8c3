namespace Torchyard.Packages.Python.Pip;

/// <summary>Runs the base system's own pip to resolve requirements; it installs nothing.</summary>
public interface IPipRunner
{
    /// <summary>Runs <c>pip install --dry-run --ignore-installed --report</c>.</summary>
    Task<PipResult> ResolveAsync(PipRequest request, CancellationToken cancellation);
}

/// <summary>What pip is to resolve.</summary>
public sealed record PipRequest
{
    /// <summary>Torchyard's index on loopback: the only one that pip talks to.</summary>
    public required Uri IndexUrl { get; init; }

    /// <summary>A requirements file, without options.</summary>
    public required string Requirements { get; init; }

    /// <summary>A constraints file, without options.</summary>
    public required string Constraints { get; init; }

    /// <summary>Pre-releases are candidates.</summary>
    public required bool PreReleases { get; init; }

    /// <summary>Gets each line that pip prints.</summary>
    public Action<string>? OnLine { get; init; }
}

/// <summary>How pip ended.</summary>
/// <param name="ExitCode">0 when it found an answer.</param>
/// <param name="Output">The last lines it printed.</param>
/// <param name="Report">Its installation report, or null.</param>
public sealed record PipResult(int ExitCode, string Output, byte[]? Report);
