using System.Collections.Concurrent;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Host;

/// <summary>
/// The files of the machine that is captured, by the paths that its own programs use. Links are followed as those programs would follow
/// them: it is the user's own machine and no root that an image or a container has written, and the layers of the image must have each
/// link that was followed, so the kernel does not follow them in one call.
/// </summary>
/// <param name="place">Where a path is for this program.</param>
internal sealed class HostTree(Func<string, string> place)
{
    private readonly ConcurrentDictionary<string, string?> _directories = new(StringComparer.Ordinal);

    /// <param name="root">The root: <c>/</c>, or a directory that stands for it in tests.</param>
    public HostTree(string root = "/")
        : this(path => root == "/" ? path : root.TrimEnd('/') + path) { }

    /// <summary>Where a path is for this program.</summary>
    public string Place(string path) => place(path);

    /// <summary>statx of a path whose parents are not links; the last part is not followed.</summary>
    public bool TryStat(string path, out FileStatus stat) => StatusCalls.TryRead(At.CurrentDirectory, Place(path), out stat);

    /// <summary>Target of a symbolic link, as it is written; empty when it cannot be read.</summary>
    public string ReadLink(string path) => new FileInfo(Place(path)).LinkTarget ?? "";

    /// <summary>The path without any link in it; null when it leads nowhere.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="links">Gets every link that was followed, by its own path without links, first to last.</param>
    public string? Resolve(string path, ICollection<string>? links = null) => LinkWalk.Follow(path, (next, _) =>
        {
            if (!TryStat(next, out var stat))
            {
                return null;
            }

            if (stat.Type != FileKind.Link)
            {
                return "";
            }

            links?.Add(next);
            return ReadLink(next) is { Length: > 0 } target ? target : null;
        });

    /// <summary>The path with its parents free of links and its last part as it is; null when the parent leads nowhere.</summary>
    public string? ResolveParent(string path)
    {
        var slash = path.LastIndexOf('/');
        var parent = _directories.GetOrAdd(slash <= 0 ? "/" : path[..slash], directory => Resolve(directory));
        return parent switch
        {
            null => null,
            "/" => path[slash..],
            _ => parent + path[slash..],
        };
    }

    /// <summary>True when the path leads to a regular file.</summary>
    public bool IsFile(string path) => Resolve(path) is { } real && TryStat(real, out var stat) && stat.Type == FileKind.Regular;

    /// <summary>True when the path leads to a directory.</summary>
    public bool IsDirectory(string path) => Resolve(path) is { } real && TryStat(real, out var stat) && stat.Type == FileKind.Directory;

    /// <summary>
    /// Content of a regular file of at most <paramref name="limit"/> bytes; null when there is none, it is larger, or may not be read.
    /// </summary>
    public byte[]? ReadBytes(string path, long limit = 16 << 20)
    {
        if (Resolve(path) is not { } real || !TryStat(real, out var stat) || stat.Type != FileKind.Regular || stat.Size > (ulong)limit)
        {
            return null;
        }

        try
        {
            // Whoever owns the environment may put something else there after the look.
            return RegularFile.ReadAllBytes(Place(real), limit);
        }
        catch (Exception failure)
            when (failure
                    is IOException
                        or UnauthorizedAccessException
                        or TorchyardException { Code: PlatformCodes.NotRegular or PlatformCodes.TooLarge }
            )
        {
            return null;
        }
    }

    /// <summary>Text of a file; null as with <see cref="ReadBytes"/>.</summary>
    public string? ReadText(string path, long limit = 16 << 20) =>
        ReadBytes(path, limit) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Names in a directory in ordinal order; none when there is no such directory or it may not be read.</summary>
    public IReadOnlyList<string> List(string directory)
    {
        if (Resolve(directory) is not { } real || !TryStat(real, out var stat) || stat.Type != FileKind.Directory)
        {
            return [];
        }

        try
        {
            return [.. Directory.EnumerateFileSystemEntries(Place(real)).Select(ArchivePath.Name).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
