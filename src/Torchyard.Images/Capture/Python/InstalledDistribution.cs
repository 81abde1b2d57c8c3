namespace Torchyard.Images.Capture.Python;

/// <summary>Something that an installer put into the environment and keeps a list of: a wheel's RECORD, or a conda package.</summary>
/// <param name="Name">Normalised name (PEP 503).</param>
/// <param name="Version">Version.</param>
/// <param name="IsConda">True for a conda package.</param>
internal sealed record InstalledDistribution(string Name, string Version, bool IsConda)
{
    /// <summary>Its files, by absolute path.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Requires-Dist lines, or the names of what a conda package depends on.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Directory of an editable installation (PEP 610), or null.</summary>
    public string? EditablePath { get; init; }

    /// <summary>Its <c>.dist-info</c> directory or conda document.</summary>
    public required string Origin { get; init; }
}
