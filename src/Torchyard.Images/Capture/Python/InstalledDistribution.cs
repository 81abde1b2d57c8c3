using Torchyard.Platform.Digests;

namespace Torchyard.Images.Capture.Python;

/// <summary>Something that an installer put into the environment and keeps a list of: a wheel's RECORD, or a conda package.</summary>
/// <param name="Name">Normalised name (PEP 503).</param>
/// <param name="Version">Version.</param>
internal sealed record InstalledDistribution(string Name, string Version)
{
    /// <summary>What conda knows of it; null for a wheel.</summary>
    public CondaOrigin? Conda { get; init; }

    /// <summary>True for a conda package.</summary>
    public bool IsConda => Conda is not null;

    /// <summary>Its files, by absolute path.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Requires-Dist lines, or the names of what a conda package depends on.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Directory of an editable installation (PEP 610), or null.</summary>
    public string? EditablePath { get; init; }

    /// <summary>Its <c>.dist-info</c> directory or conda document.</summary>
    public required string Origin { get; init; }
}

/// <summary>Where conda has a package from (its document in <c>conda-meta</c>); null for what the document does not say.</summary>
/// <param name="Build">Build string, e.g. <c>py312h06a4308_0</c>.</param>
/// <param name="Platform">Subdirectory of the channel, e.g. <c>linux-64</c>.</param>
/// <param name="Url">URL of the package's file.</param>
/// <param name="Sha256">SHA-256 of that file.</param>
internal sealed record CondaOrigin(string? Build, string? Platform, string? Url, Digest? Sha256);
