using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Layers;

/// <summary>
/// Compares the mounted form of a layer with the layer's tar, whoever wrote that: entries in any order, parents left out, directories named
/// more than once. Nothing of the order or the headers of the tar counts, only what extracting it makes.
/// </summary>
internal sealed class LayerComparison : IDisposable
{
    private readonly string _directory;
    private readonly string _label;
    private readonly RootDirectory _root;
    private readonly Dictionary<Inode, int> _names = [];
    private readonly Dictionary<Inode, TarEntry> _entries = [];
    private readonly HashSet<Inode> _opaque = [];
    private readonly byte[] _expected = new byte[128 * 1024];
    private readonly byte[] _found = new byte[128 * 1024];

    private LayerComparison(string directory, string label)
    {
        _directory = directory;
        _label = label;
        _root = RootDirectory.Open(directory, Links.InsideRoot);
    }

    /// <summary>Compares; the tar is read as far as its end marker.</summary>
    /// <param name="tar">The layer's tar.</param>
    /// <param name="directory">Its mounted form.</param>
    /// <param name="label">What messages call the layer.</param>
    /// <param name="cancellation">Ends the work between entries.</param>
    /// <returns>The first path that differs, with a slash in front; null when nothing does.</returns>
    /// <exception cref="TarFormatException">The tar cannot be read.</exception>
    internal static string? FirstDifference(Stream tar, string directory, string label, CancellationToken cancellation)
    {
        using var comparison = new LayerComparison(directory, label);
        var reader = new TarReader(tar);
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            var path = LayerExtractor.PathOf(label, entry.Name);
            if (path.Length > 0 && !comparison.IsThere(entry with { Name = path }, reader))
            {
                return "/" + path;
            }
        }

        reader.Drain();
        return comparison.FirstOther("", out _);
    }

    public void Dispose() => _root.Dispose();

    private bool IsThere(TarEntry entry, TarReader reader)
    {
        try
        {
            var name = ArchivePath.Name(entry.Name);
            var parent = ArchivePath.Parent(entry.Name);
            if (name == OverlayTree.OpaqueMarker)
            {
                var isDirectory = _root.TryStat(parent, out var hiding) && hiding.Type == FileKind.Directory;
                _opaque.Add(Inode.Of(hiding));
                return isDirectory;
            }

            if (name.StartsWith(OverlayTree.WhiteoutPrefix, StringComparison.Ordinal))
            {
                var hidden = name[OverlayTree.WhiteoutPrefix.Length..];
                return _root.TryStat(parent.Length == 0 ? hidden : $"{parent}/{hidden}", out var whiteout)
                    && OverlayEntry.IsWhiteout(whiteout)
                    && Count(whiteout);
            }

            if (!_root.TryStat(entry.Name, out var stat))
            {
                // Extracting makes no devices and no fifos; a layer that was built here has them.
                return entry.Kind is TarKind.CharacterDevice or TarKind.BlockDevice or TarKind.Fifo;
            }

            if (entry.Kind == TarKind.HardLink)
            {
                return _root.TryStat(LayerExtractor.PathOf(_label, entry.LinkTarget), out var target)
                    && Inode.Of(target) == Inode.Of(stat)
                    && Count(stat);
            }

            if (OverlayEntry.Kind(stat.Type) != entry.Kind || OverlayEntry.IsWhiteout(stat))
            {
                return false;
            }

            // Of a directory that is there more than once the last entry counts.
            _entries[Inode.Of(stat)] = entry;
            return entry.Kind == TarKind.Directory || ((entry.Kind != TarKind.File || HasContent(entry, stat, reader)) && Count(stat));
        }
        catch (UnsafePathException)
        {
            return false;
        }
    }

    private bool Count(in FileStatus stat)
    {
        var inode = Inode.Of(stat);
        _names[inode] = _names.GetValueOrDefault(inode) + 1;
        return true;
    }

    /// <summary>A path below a directory that the layer does not have, or a directory that is another.</summary>
    /// <param name="relative">The directory.</param>
    /// <param name="holds">True when something of the layer is in it.</param>
    private string? FirstOther(string relative, out bool holds)
    {
        holds = false;
        var directory = relative.Length == 0 ? _directory : $"{_directory}/{relative}";
        foreach (var path in Directory.EnumerateFileSystemEntries(directory))
        {
            var inside = relative.Length == 0 ? ArchivePath.Name(path) : $"{relative}/{ArchivePath.Name(path)}";
            if (!StatusCalls.TryRead(At.CurrentDirectory, path, out var stat))
            {
                return "/" + inside;
            }

            if (OverlayEntry.Kind(stat.Type) is not { } kind)
            {
                continue; // A socket, which no layer has.
            }

            var inode = Inode.Of(stat);
            var isNeeded = false;
            if (kind == TarKind.Directory)
            {
                if (FirstOther(inside, out isNeeded) is { } other)
                {
                    return other;
                }

                if (_opaque.Contains(inode) != OverlayEntry.IsOpaque(path))
                {
                    return "/" + inside;
                }

                isNeeded |= _opaque.Contains(inode);
            }
            else if (_names.GetValueOrDefault(inode) is var names && names > 0)
            {
                _names[inode] = names - 1;
            }
            else
            {
                return "/" + inside; // Not of the layer, or one name of a file more than the layer has.
            }

            if (
                !(
                    _entries.TryGetValue(inode, out var entry)
                        ? HasAttributes(entry, stat, path)
                        : kind != TarKind.Directory || (isNeeded && (stat.Mode & FileModes.Mask) == FileModes.Directory)
                )
            )
            {
                return "/" + inside;
            }

            holds = true;
        }

        return null;
    }

    private static bool HasAttributes(TarEntry entry, in FileStatus stat, string path)
    {
        if (
            (entry.User, entry.Group, entry.ModifiedAt) != (stat.User, stat.Group, stat.Modified.Seconds)
            || (entry.Kind != TarKind.Symlink && entry.Mode != (stat.Mode & FileModes.Mask))
        )
        {
            return false;
        }

        var found = OverlayEntry.Read(path, entry.Name, entry.Kind, stat);
        var expected = entry.Xattrs.Where(attribute => OverlayEntry.IsCarried(attribute.Key)).ToList();
        return found.LinkTarget == entry.LinkTarget
            && (
                entry.Kind is not (TarKind.CharacterDevice or TarKind.BlockDevice)
                || (entry.DeviceMajor, entry.DeviceMinor) == (found.DeviceMajor, found.DeviceMinor)
            )
            && expected.Count == found.Xattrs.Count
            && expected
                .Zip(found.Xattrs)
                .All(pair => pair.First.Key == pair.Second.Key && pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value));
    }

    private bool HasContent(TarEntry entry, in FileStatus stat, TarReader reader)
    {
        if ((long)stat.Size != entry.Size)
        {
            return false;
        }

        using var file = _root.OpenFile(entry.Name);
        for (var count = reader.Read(_expected); count > 0; count = reader.Read(_expected))
        {
            if (
                file.ReadAtLeast(_found.AsSpan(0, count), count, throwOnEndOfStream: false) < count
                || !_found.AsSpan(0, count).SequenceEqual(_expected.AsSpan(0, count))
            )
            {
                return false;
            }
        }

        return true;
    }

    private readonly record struct Inode(uint Major, uint Minor, ulong Number)
    {
        internal static Inode Of(in FileStatus stat) => new(stat.FileSystemMajor, stat.FileSystemMinor, stat.Inode);
    }
}
