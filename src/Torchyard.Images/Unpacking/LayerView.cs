using Torchyard.Images.Files;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Unpacking;

/// <summary>What an overlay of directories shows, without mounting it and without following any link.</summary>
/// <param name="layers">The directories, top first.</param>
internal sealed class LayerView(IReadOnlyList<string> layers)
{
    /// <summary>Where on this machine that lies which a path shows; null when it shows nothing.</summary>
    internal string? Find(string path) => TryFind(path, out var place, out _) ? place : null;

    /// <summary>What a path shows; null for nothing. Its entry's name is where it lies on this machine.</summary>
    internal PlacedNode? Node(string path)
    {
        if (!TryFind(path, out var place, out var stat) || KindOf(stat.Type) is not { } kind)
        {
            return null;
        }

        return new PlacedNode(kind, new FileInode(null, new TarEntry
        {
            Name = place,
            Kind = kind,
            LinkTarget = kind == TarKind.Symlink ? new FileInfo(place).LinkTarget ?? "" : "",
            Mode = stat.Mode & 0xFFF,
            User = stat.User,
            Group = stat.Group,
            Size = kind == TarKind.File ? (long)stat.Size : 0,
            ModifiedAt = stat.Modified.Seconds,
            DeviceMajor = stat.DeviceMajor,
            DeviceMinor = stat.DeviceMinor,
            Xattrs = [.. Posix.ListXattrs(place).Where(name => !name.Contains(".overlay.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
                .Select(name => (Name: name, Value: Posix.GetXattr(place, name))).Where(pair => pair.Value is not null)
                .Select(pair => new KeyValuePair<string, byte[]>(pair.Name, pair.Value!))],
        }));
    }

    /// <summary>Names in a directory, sorted by code unit.</summary>
    internal IEnumerable<string> Names(string directory)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var layer in layers)
        {
            var place = $"{layer}/{directory}";
            if (Posix.TryStat(Posix.CurrentDirectory, place, out var stat) && stat.Type == Posix.TypeDirectory)
            {
                names.UnionWith(Directory.EnumerateFileSystemEntries(place).Select(ArchivePath.Name));
            }
        }

        return names.Where(name => Find($"{directory}/{name}") is not null);
    }

    private static TarKind? KindOf(uint type) => type switch
    {
        Posix.TypeFile => TarKind.File,
        Posix.TypeDirectory => TarKind.Directory,
        Posix.TypeSymlink => TarKind.Symlink,
        Posix.TypeCharacter => TarKind.CharacterDevice,
        Posix.TypeBlock => TarKind.BlockDevice,
        Posix.TypeFifo => TarKind.Fifo,
        _ => null,
    };

    private bool TryFind(string path, out string place, out Posix.StatxResult stat)
    {
        foreach (var layer in layers)
        {
            var slash = -1;
            do
            {
                slash = path.IndexOf('/', slash + 1);
                place = $"{layer}/{(slash < 0 ? path : path[..slash])}";
                if (!Posix.TryStat(Posix.CurrentDirectory, place, out stat))
                {
                    break;
                }

                if (slash < 0 && !IsWhiteout(stat))
                {
                    return true;
                }

                if (stat.Type != Posix.TypeDirectory)
                {
                    // A whiteout, or something that hides the directories of this name below it.
                    return false;
                }

                if (Posix.GetXattr(place, "trusted.overlay.opaque") is [(byte)'y'] || Posix.GetXattr(place, "user.overlay.opaque") is [(byte)'y'])
                {
                    return Posix.TryStat(Posix.CurrentDirectory, place = $"{layer}/{path}", out stat) && !IsWhiteout(stat);
                }
            }
            while (slash >= 0);
        }

        place = "";
        stat = default;
        return false;
    }

    private static bool IsWhiteout(in Posix.StatxResult stat) => stat is { Type: Posix.TypeCharacter, DeviceMajor: 0, DeviceMinor: 0 };
}
