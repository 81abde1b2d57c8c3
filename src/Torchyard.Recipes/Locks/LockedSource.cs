using Torchyard.Platform.Digests;

namespace Torchyard.Recipes.Locks;

/// <summary>
/// What a wheel was built from: an archive of an index (<see cref="LockedPythonPackage.Index"/>), of a URL or of a path, or a commit of a
/// Git repository; and with what. The same source with the same build packages on the same base system must give the same wheel again.
/// </summary>
public sealed record LockedSource
{
    private static readonly string[] Suffixes = [".tar.gz", ".tgz", ".zip", ".tar.xz", ".txz", ".tar.zst", ".tar"];

    /// <summary>URL of the archive or repository without credentials; null for an index and for a local file.</summary>
    public string? Url { get; init; }

    /// <summary>Path of a local archive, relative to the recipe (or absolute, as the recipe has it).</summary>
    public string? Path { get; init; }

    /// <summary>File name of the archive; null for Git.</summary>
    public string? Filename { get; init; }

    /// <summary>Bytes of the archive; null for Git.</summary>
    public long? Size { get; init; }

    /// <summary>SHA-256 of the archive; null for Git, whose commits are hashes themselves.</summary>
    public Digest? Sha256 { get; init; }

    /// <summary>Full hash of the commit, hexadecimal; null for an archive.</summary>
    public string? Commit { get; init; }

    /// <summary>
    /// Tags of the commit's history as they were for the lock (by name): a version that is taken from them is the same when it is built
    /// again.
    /// </summary>
    public IReadOnlyList<LockedTag> Tags { get; init; } = [];

    /// <summary>Branch, tag or commit as the recipe names it; null for the repository's HEAD.</summary>
    public string? Revision { get; init; }

    /// <summary>Directory of the project inside the source; null for the top.</summary>
    public string? Subdirectory { get; init; }

    /// <summary>
    /// File names of the build packages (<see cref="LockedPython.BuildPackages"/>) that the wheel was built with (ordinal).
    /// </summary>
    public IReadOnlyList<string> BuiltWith { get; init; } = [];

    /// <summary>True for a Git repository.</summary>
    public bool IsGit => Filename is null;

    /// <summary>
    /// True for a file name of an archive that wheels are built from: a tar that is plain or compressed with gzip, xz or zstd, or a zip.
    /// </summary>
    public static bool IsArchiveName(string filename)
    {
        ArgumentNullException.ThrowIfNull(filename);
        return Suffixes.Any(suffix => filename.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));
    }
}
