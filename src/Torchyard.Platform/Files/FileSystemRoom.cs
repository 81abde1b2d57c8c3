using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>What a full file system is full of: bytes, or inodes, of which each file and directory takes one. Both end as ENOSPC.</summary>
public static class FileSystemRoom
{
    // A build makes many files at once; with fewer left than this it is they that ran out.
    private const ulong FewInodes = 64;

    /// <summary>
    /// True when the file system of a path has no inodes left for this user. Those that make them as they go have no number of them.
    /// </summary>
    /// <param name="path">A path on it, which need not exist.</param>
    public static bool LacksInodes(string path)
    {
        var existing = Path.GetFullPath(path);
        while (!Path.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
        {
            existing = parent;
        }

        return StatusCalls.Inodes(existing) is { All: > 0, Available: < FewInodes };
    }

    /// <summary>What is missing, for a message: <c>space</c>, or <c>inodes …</c>.</summary>
    public static string Missing(string path) => LacksInodes(path) ? "inodes (each file and directory takes one)" : "space";
}
