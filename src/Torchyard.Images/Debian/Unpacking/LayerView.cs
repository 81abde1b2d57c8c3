using Torchyard.Images.Layers;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// What an overlay of directories shows, without mounting it and without following any link: the paths are places that were settled before,
/// in layers that nobody else writes to.
/// </summary>
/// <param name="layers">The directories, top first.</param>
internal sealed class LayerView(IReadOnlyList<string> layers)
{
    /// <summary>Where on this machine that lies which a path shows; null when it shows nothing.</summary>
    internal string? Find(string path) => TryFind(path, out var place, out _) ? place : null;

    /// <summary>What a path shows; null for nothing. Its entry's name is where it lies on this machine.</summary>
    internal PlacedNode? Node(string path)
    {
        return TryFind(path, out var place, out var stat) && OverlayEntry.Kind(stat.Type) is { } kind
            ? new PlacedNode(kind, new FileInode(null, OverlayEntry.Read(place, path, kind, stat) with { Name = place }))
            : null;
    }

    /// <summary>Names in a directory, sorted by code unit.</summary>
    internal IEnumerable<string> Names(string directory)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var layer in layers)
        {
            var place = $"{layer}/{directory}";
            if (StatusCalls.TryRead(At.CurrentDirectory, place, out var stat) && stat.Type == FileKind.Directory)
            {
                names.UnionWith(Directory.EnumerateFileSystemEntries(place).Select(ArchivePath.Name));
            }
        }

        return names.Where(name => Find($"{directory}/{name}") is not null);
    }

    private bool TryFind(string path, out string place, out FileStatus stat)
    {
        foreach (var layer in layers)
        {
            var slash = -1;
            do
            {
                slash = path.IndexOf('/', slash + 1);
                place = $"{layer}/{(slash < 0 ? path : path[..slash])}";
                if (!StatusCalls.TryRead(At.CurrentDirectory, place, out stat))
                {
                    break;
                }

                if (slash < 0 && !OverlayEntry.IsWhiteout(stat))
                {
                    return true;
                }

                if (stat.Type != FileKind.Directory)
                {
                    // A whiteout, or something that hides the directories of this name below it.
                    return false;
                }

                if (OverlayEntry.IsOpaque(place))
                {
                    return StatusCalls.TryRead(At.CurrentDirectory, place = $"{layer}/{path}", out stat) && !OverlayEntry.IsWhiteout(stat);
                }
            } while (slash >= 0);
        }

        place = "";
        stat = default;
        return false;
    }
}
