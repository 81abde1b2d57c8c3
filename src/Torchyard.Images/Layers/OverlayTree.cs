using Torchyard.Images.Files;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Layers;

/// <summary>
/// The entries of an overlay upper directory as an OCI layer: a whiteout (character device 0:0) becomes <c>.wh.NAME</c>, an opaque directory gets
/// <c>.wh..wh..opq</c> (image-spec, layer.md, "Whiteouts"; kernel, filesystems/overlayfs.rst).
/// </summary>
internal static class OverlayTree
{
    internal const string WhiteoutPrefix = ".wh.";
    internal const string OpaqueMarker = ".wh..wh..opq";

    /// <summary>Lists a directory. Times later than <paramref name="newest"/>, or set since <paramref name="since"/>, become <paramref name="newest"/>.</summary>
    /// <param name="directory">The upper directory.</param>
    /// <param name="newest">SOURCE_DATE_EPOCH.</param>
    /// <param name="since">When the build began by this machine's clock, which may be wrong: all that was written since gets the fixed time.</param>
    internal static List<LayerEntry> List(string directory, long newest, long since)
    {
        var entries = new List<LayerEntry>();
        var inodes = new Dictionary<(uint, uint, ulong), string>();
        ListInto(directory, "", newest, since, entries);
        entries.Sort(LayerEntry.Compare);
        for (var index = 0; index < entries.Count; index++)
        {
            var (entry, content) = entries[index];
            if (entry.Kind != TarKind.File || content is null || !Posix.TryStat(Posix.CurrentDirectory, $"{directory}/{content}", out var stat) || stat.Links < 2)
            {
                continue;
            }

            if (!inodes.TryAdd((stat.FileSystemMajor, stat.FileSystemMinor, stat.Inode), entry.Name))
            {
                var first = inodes[(stat.FileSystemMajor, stat.FileSystemMinor, stat.Inode)];
                entries[index] = new LayerEntry(entry with { Kind = TarKind.HardLink, LinkTarget = first, Size = 0, Xattrs = [] }, null);
            }
        }

        return entries;
    }

    /// <summary>Writes the times of the entries back to the directory, so that the mounted form equals the layer.</summary>
    internal static void SetTimes(string directory, List<LayerEntry> entries)
    {
        for (var index = entries.Count - 1; index >= 0; index--)
        {
            var entry = entries[index].Entry;
            if (!ArchivePath.Name(entry.Name).StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
            {
                _ = Posix.SetTime(Posix.CurrentDirectory, $"{directory}/{entry.Name}", entry.ModifiedAt);
            }
        }

        _ = Posix.SetTime(Posix.CurrentDirectory, directory, 0);
    }

    private static void ListInto(string root, string relative, long newest, long since, List<LayerEntry> entries)
    {
        var directory = relative.Length == 0 ? root : $"{root}/{relative}";
        foreach (var path in Directory.EnumerateFileSystemEntries(directory))
        {
            var name = ArchivePath.Name(path);
            var inside = relative.Length == 0 ? name : $"{relative}/{name}";
            if (!Posix.TryStat(Posix.CurrentDirectory, path, out var stat))
            {
                throw new IOException($"{path} vanished while it was read");
            }

            if (name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
            {
                throw new IOException($"/{inside}: the name is reserved for whiteouts");
            }

            if (IsWhiteout(stat))
            {
                var marker = relative.Length == 0 ? WhiteoutPrefix + name : $"{relative}/{WhiteoutPrefix}{name}";
                entries.Add(new LayerEntry(new TarEntry { Name = marker, Kind = TarKind.File, Mode = 0x1A4 }, null));
                continue;
            }

            if (Kind(stat.Type) is not { } kind)
            {
                // A socket is nothing without its process.
                continue;
            }

            var modified = stat.Modified.Seconds > newest || stat.Modified.Seconds >= since ? newest : stat.Modified.Seconds;
            var entry = new TarEntry
            {
                Name = inside,
                Kind = kind,
                LinkTarget = kind == TarKind.Symlink ? new FileInfo(path).LinkTarget ?? "" : "",
                Mode = stat.Mode & 0xFFF,
                User = stat.User,
                Group = stat.Group,
                Size = kind == TarKind.File ? (long)stat.Size : 0,
                ModifiedAt = modified,
                DeviceMajor = stat.DeviceMajor,
                DeviceMinor = stat.DeviceMinor,
                Xattrs = ReadXattrs(path, inside),
            };
            entries.Add(new LayerEntry(entry, kind == TarKind.File ? inside : null));
            if (kind == TarKind.Directory)
            {
                if (IsOpaque(path))
                {
                    entries.Add(new LayerEntry(
                        new TarEntry { Name = $"{inside}/{OpaqueMarker}", Kind = TarKind.File, Mode = 0x1A4 }, null));
                }

                ListInto(root, inside, newest, since, entries);
            }
        }
    }

    private static bool IsWhiteout(Posix.StatxResult stat) =>
        stat.Type == Posix.TypeCharacter && stat.DeviceMajor == 0 && stat.DeviceMinor == 0;

    private static bool IsOpaque(string path) =>
        Posix.GetXattr(path, "trusted.overlay.opaque") is [(byte)'y'] || Posix.GetXattr(path, "user.overlay.opaque") is [(byte)'y'];

    private static TarKind? Kind(uint type) => type switch
    {
        Posix.TypeFile => TarKind.File,
        Posix.TypeDirectory => TarKind.Directory,
        Posix.TypeSymlink => TarKind.Symlink,
        Posix.TypeCharacter => TarKind.CharacterDevice,
        Posix.TypeBlock => TarKind.BlockDevice,
        Posix.TypeFifo => TarKind.Fifo,
        _ => null,
    };

    private static List<KeyValuePair<string, byte[]>> ReadXattrs(string path, string inside)
    {
        var result = new List<KeyValuePair<string, byte[]>>();
        foreach (var name in Posix.ListXattrs(path).Order(StringComparer.Ordinal))
        {
            if (name is "trusted.overlay.redirect" or "user.overlay.redirect" or "trusted.overlay.metacopy" or "user.overlay.metacopy")
            {
                throw ImageErrors.UnportableOverlay(inside);
            }

            // Labels and signatures of this machine's security modules do not belong into an image; file capabilities do.
            if ((name.StartsWith("user.", StringComparison.Ordinal) && !name.StartsWith("user.overlay.", StringComparison.Ordinal))
                || name == "security.capability")
            {
                if (Posix.GetXattr(path, name) is { } value)
                {
                    result.Add(new(name, value));
                }
            }
        }

        return result;
    }
}
