namespace Torchyard.EndToEnd.Trees;

/// <summary>One entry of a directory tree, as find(1) sees it.</summary>
internal sealed record TreeEntry
{
    /// <summary>f, d, l, c, b, p or s.</summary>
    public required char Kind { get; init; }

    /// <summary>Permissions, octal.</summary>
    public required string Mode { get; init; }

    /// <summary>uid:gid.</summary>
    public required string Owner { get; init; }

    /// <summary>Bytes; of files only.</summary>
    public required long Size { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Time { get; init; }

    /// <summary>Where a symbolic link points.</summary>
    public required string Target { get; init; }

    /// <summary>The first name of a file with several names in the tree; empty for that name itself and for all other files.</summary>
    public required string SameFileAs { get; init; }
}

/// <summary>One difference between two trees.</summary>
/// <param name="Path">Relative path.</param>
/// <param name="What">only-left, only-right, kind, mode, owner, target, names, content, time.</param>
/// <param name="Detail">Both sides.</param>
internal sealed record TreeDifference(string Path, string What, string Detail)
{
    public override string ToString() => $"{What} {Path} {Detail}".TrimEnd();
}
