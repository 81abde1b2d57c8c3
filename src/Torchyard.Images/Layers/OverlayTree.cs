using Torchyard.Images.Tar;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Layers;

/// <summary>
/// The entries of an overlay upper directory as an OCI layer: a whiteout (character device 0:0) becomes <c>.wh.NAME</c>, an opaque
/// directory gets
/// <c>.wh..wh..opq</c> (image-spec, layer.md, "Whiteouts"; kernel, filesystems/overlayfs.rst).
/// </summary>
internal static class OverlayTree
{
    internal const string WhiteoutPrefix = ".wh.";
    internal const string OpaqueMarker = ".wh..wh..opq";

    /// <summary>
    /// Lists a directory. Times later than <paramref name="newest"/>, or set since <paramref name="since"/>, become
    /// <paramref name="newest"/>.
    /// </summary>
    /// <param name="directory">The upper directory.</param>
    /// <param name="newest">SOURCE_DATE_EPOCH.</param>
    /// <param name="since">When the build began by this machine's clock, which may be wrong: all that was written since gets the fixed
    /// time.</param>
    internal static List<LayerEntry> List(string directory, long newest, long since)
    {
        var entries = new List<LayerEntry>();
        var inodes = new Dictionary<(uint, uint, ulong), string>();
        ListInto(directory, "", newest, since, entries);
        entries.Sort(LayerEntry.Compare);
        for (var index = 0; index < entries.Count; index++)
        {
            var (entry, content) = entries[index];
            if (
                entry.Kind != TarKind.File
                || content is null
                || !StatusCalls.TryRead(At.CurrentDirectory, $"{directory}/{content}", out var stat)
                || stat.Links < 2
            )
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

    /// <summary>
    /// Makes the directory what the layer says. Access control lists are taken away, of both: whether scripts can set them depends on the
    /// file system of the store. Times that are fixed are written back.
    /// </summary>
    internal static void Settle(string directory, List<LayerEntry> entries)
    {
        for (var index = 0; index < entries.Count; index++)
        {
            var entry = entries[index].Entry;
            var mode = entry.Mode;
            foreach (
                var (attribute, value) in entry.Xattrs.Where(attribute =>
                    attribute.Key is AccessControlList.Access or AccessControlList.Default
                )
            )
            {
                mode = AccessControlList.Remove($"{directory}/{entry.Name}", attribute, value, mode);
                entry = entry with { Xattrs = [.. entry.Xattrs.Where(other => other.Key != attribute)] };
            }

            entries[index] = entries[index] with { Entry = entry with { Mode = mode } };
        }

        SetTimes(directory, entries);
    }

    private static void SetTimes(string directory, List<LayerEntry> entries)
    {
        for (var index = entries.Count - 1; index >= 0; index--)
        {
            var entry = entries[index].Entry;
            if (!ArchivePath.Name(entry.Name).StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
            {
                _ = TimeCalls.Set(At.CurrentDirectory, $"{directory}/{entry.Name}", entry.ModifiedAt);
            }
        }

        _ = TimeCalls.Set(At.CurrentDirectory, directory, 0);
    }

    private static void ListInto(string root, string relative, long newest, long since, List<LayerEntry> entries)
    {
        var directory = relative.Length == 0 ? root : $"{root}/{relative}";
        foreach (var path in Directory.EnumerateFileSystemEntries(directory))
        {
            var name = ArchivePath.Name(path);
            var inside = relative.Length == 0 ? name : $"{relative}/{name}";
            if (!StatusCalls.TryRead(At.CurrentDirectory, path, out var stat))
            {
                throw new IOException($"{path} vanished while it was read");
            }

            if (name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
            {
                throw new IOException($"/{inside}: the name is reserved for whiteouts");
            }

            if (OverlayEntry.IsWhiteout(stat))
            {
                var marker = relative.Length == 0 ? WhiteoutPrefix + name : $"{relative}/{WhiteoutPrefix}{name}";
                entries.Add(
                    new LayerEntry(
                        new TarEntry
                        {
                            Name = marker,
                            Kind = TarKind.File,
                            Mode = FileModes.Readable,
                        },
                        null
                    )
                );
                continue;
            }

            if (OverlayEntry.Kind(stat.Type) is not { } kind)
            {
                continue;
            }

            var modified = stat.Modified.Seconds > newest || stat.Modified.Seconds >= since ? newest : stat.Modified.Seconds;
            var entry = OverlayEntry.Read(path, inside, kind, stat) with { ModifiedAt = modified };
            entries.Add(new LayerEntry(entry, kind == TarKind.File ? inside : null));
            if (kind == TarKind.Directory)
            {
                if (OverlayEntry.IsOpaque(path))
                {
                    entries.Add(
                        new LayerEntry(
                            new TarEntry
                            {
                                Name = $"{inside}/{OpaqueMarker}",
                                Kind = TarKind.File,
                                Mode = FileModes.Readable,
                            },
                            null
                        )
                    );
                }

                ListInto(root, inside, newest, since, entries);
            }
        }
    }
}
