namespace Torchyard.Packages.Nvidia;

/// <summary>One of NVIDIA's redistributable indexes, and what a recipe says of it.</summary>
internal sealed record RedistPlace
{
    /// <summary>What is taken from there, for people: <c>cuDNN</c>.</summary>
    public required string Title { get; init; }

    /// <summary>The index at NVIDIA, with a final slash; locks name it.</summary>
    public required string Index { get; init; }

    /// <summary>The recipe's table: <c>cudnn</c>.</summary>
    public required string Table { get; init; }

    /// <summary>Environment variable with mirrors of the index, separated by blanks.</summary>
    public required string MirrorVariable { get; init; }

    /// <summary>Mirrors that the recipe names; with them no other is asked.</summary>
    public required IReadOnlyList<string> Mirrors { get; init; }

    /// <summary>The archive as a file, or the directory that has it; null to fetch it.</summary>
    public required string? Archive { get; init; }

    /// <summary>Directory that <see cref="Archive"/> is relative to.</summary>
    public required string Directory { get; init; }

    /// <summary>Where an archive may lie when the recipe names a file or directory: right there, or as the index has it.</summary>
    /// <param name="path">Path below the index.</param>
    public IReadOnlyList<string> LocalPaths(string path) =>
        LocalPath is not { } local ? []
        : System.IO.Directory.Exists(local) ? [Path.Combine(local, Path.GetFileName(path)), Path.Combine(local, path)]
        : [local];

    /// <summary><see cref="Archive"/> as an absolute path, or null.</summary>
    public string? LocalPath => Archive is null ? null : Path.GetFullPath(Archive, Directory);

    /// <summary>What to do when the index cannot be reached.</summary>
    /// <param name="file">The archive's file, as it may be called here.</param>
    /// <param name="url">Where the archive can be had; null when that is not known.</param>
    public string Cures(string file, string? url) =>
        $"Name a mirror of {Index} in {Table}.mirrors or {MirrorVariable}; or fetch {url ?? "the archive"} where it can be reached, and "
        + $"name the file: {ArchiveCure(file)}";

    /// <summary>How the recipe names an archive.</summary>
    /// <param name="file">Its file.</param>
    public string ArchiveCure(string file) => $"[{Table}] archive = \"./{file}\"";
}
