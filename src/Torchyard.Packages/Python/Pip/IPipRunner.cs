namespace Torchyard.Packages.Python.Pip;

/// <summary>Runs the base system's own pip to resolve requirements; it installs nothing.</summary>
public interface IPipRunner
{
    /// <summary>Runs <c>pip install --dry-run --ignore-installed --report</c>.</summary>
    Task<PipResult> ResolveAsync(PipRequest request, CancellationToken cancellation);
}

/// <summary>What pip is to resolve.</summary>
/// <param name="IndexUrl">Torchyard's index on loopback: the only one that pip talks to.</param>
/// <param name="Requirements">A requirements file, without options.</param>
/// <param name="Constraints">A constraints file, without options.</param>
/// <param name="PreReleases">Pre-releases are candidates.</param>
/// <param name="OnLine">Gets each line that pip prints.</param>
public sealed record PipRequest(Uri IndexUrl, string Requirements, string Constraints, bool PreReleases, Action<string>? OnLine = null);

/// <summary>How pip ended.</summary>
/// <param name="ExitCode">0 when it found an answer.</param>
/// <param name="Output">The last lines it printed.</param>
/// <param name="Report">Its installation report, or null.</param>
public sealed record PipResult(int ExitCode, string Output, byte[]? Report);
