namespace Torchyard.EndToEnd.Trees;

/// <summary>One entry of a directory tree, as find(1) sees it.</summary>
/// <param name="Kind">f, d, l, c, b, p or s.</param>
/// <param name="Mode">Permissions, octal.</param>
/// <param name="Owner">uid:gid.</param>
/// <param name="Size">Bytes; of files only.</param>
/// <param name="Time">Seconds since 1970.</param>
/// <param name="Target">Where a symbolic link points.</param>
/// <param name="SameFileAs">The first name of a file with several names; empty for the others.</param>
internal sealed record TreeEntry(char Kind, string Mode, string Owner, long Size, long Time, string Target, string SameFileAs);

/// <summary>One difference between two trees.</summary>
/// <param name="Path">Relative path.</param>
/// <param name="What">only-left, only-right, kind, mode, owner, target, names, content, time.</param>
/// <param name="Detail">Both sides.</param>
internal sealed record TreeDifference(string Path, string What, string Detail)
{
    public override string ToString() => $"{What} {Path} {Detail}".TrimEnd();
}
