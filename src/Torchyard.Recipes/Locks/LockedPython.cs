using Torchyard.Platform.Digests;

namespace Torchyard.Recipes.Locks;

/// <summary>The Python part of a lock: every distribution of the virtual environment, exactly.</summary>
public sealed record LockedPython
{
    /// <summary>Where the virtual environment is in the image.</summary>
    public const string VenvPath = "/opt/venv";

    /// <summary>Interpreter's language version, <c>3.13</c>: decides <c>lib/python3.13/site-packages</c>.</summary>
    public required string Interpreter { get; init; }

    /// <summary>What resolved the requirements, e.g. <c>pip 25.1.1</c> or <c>pylock.toml</c>.</summary>
    public required string Resolver { get; init; }

    /// <summary>The indexes that packages refer to, in order of priority.</summary>
    public IReadOnlyList<LockedPythonIndex> Indexes { get; init; } = [];

    /// <summary>Every distribution, by normalised name (ordinal).</summary>
    public required IReadOnlyList<LockedPythonPackage> Packages { get; init; }

    /// <summary>
    /// What the wheels of <see cref="LockedPythonPackage.Source"/> were built with, by file name (ordinal). None of it is installed;
    /// several versions of one distribution may be there.
    /// </summary>
    public IReadOnlyList<LockedPythonPackage> BuildPackages { get; init; } = [];
}

/// <summary>An index of the lock.</summary>
/// <param name="Id">Short name that packages refer to, e.g. <c>pypi</c>.</param>
/// <param name="Url">
/// Canonical root with a final slash and without credentials, e.g. <c>https://pypi.org/simple/</c>. Where the machine's own settings
/// name a mirror, this is the index that the mirror stands for, so that the lock holds on any machine.
/// </param>
public sealed record LockedPythonIndex(string Id, string Url);

/// <summary>One Python distribution, exactly: one wheel.</summary>
public sealed record LockedPythonPackage
{
    /// <summary>Normalised name (PEP 503).</summary>
    public required string Name { get; init; }

    /// <summary>Version as the wheel's METADATA writes it.</summary>
    public required string Version { get; init; }

    /// <summary>File name of the wheel; with <see cref="Sha256"/> it is what any mirror of the index has.</summary>
    public required string Filename { get; init; }

    /// <summary>Bytes of the wheel.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the wheel.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary><see cref="LockedPythonIndex.Id"/> of the index; null for a direct URL or a local file.</summary>
    public string? Index { get; init; }

    /// <summary>
    /// The direct URL that was asked for; null for an index, whose mirrors keep their files in different places, and for a local file.
    /// </summary>
    public string? Url { get; init; }

    /// <summary>Path of a local wheel, relative to the recipe (or absolute, as the recipe has it).</summary>
    public string? Path { get; init; }

    /// <summary>What the wheel was built from when it was locked; null for a wheel that was there.</summary>
    public LockedSource? Source { get; init; }

    /// <summary>Requires-Python of the wheel, or null.</summary>
    public string? RequiresPython { get; init; }

    /// <summary>Extras that were asked for.</summary>
    public IReadOnlyList<string> Extras { get; init; } = [];

    /// <summary>Normalised names of the distributions of this lock that it needs, markers evaluated for the image's interpreter.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>True when the recipe named it, false when it came as a dependency (the REQUESTED file, PEP 376).</summary>
    public bool Requested { get; init; }
}
