using System.Globalization;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// Makes the upper directory show what a replay says, and nothing where the layers below show it already. Files are written once to a
/// directory beside it and compared or linked from there, whatever their size.
/// </summary>
/// <param name="upper">The upper directory.</param>
/// <param name="before">What was there before this stage's packages.</param>
/// <param name="contents">Reads packages again.</param>
internal sealed class SettledPlaces(UpperDirectory upper, LayerView before, PackageContents contents)
{
    private readonly LayerView _view = new([upper.Path, .. upper.Lower]);
    private readonly Dictionary<FileInode, string> _files = new(ReferenceEqualityComparer.Instance);

    /// <summary>Settles some places.</summary>
    internal void Apply(IReadOnlySet<string> places, UnpackReplay replay)
    {
        var scratch = upper.Path + ".shared";
        Directory.CreateDirectory(scratch);
        using (var root = RootDirectory.Open(scratch))
        {
            var wanted = places.Order(StringComparer.Ordinal).Select(place => (Place: place, Node: replay.Lookup(place))).ToList();
            Fetch(
                wanted.Select(pair => pair.Node?.Inode).OfType<FileInode>().Distinct(ReferenceEqualityComparer.Instance).Cast<FileInode>(),
                root
            );
            foreach (var (place, node) in wanted)
            {
                Settle(place, node, root);
            }
        }

        Directory.Delete(scratch, recursive: true);
    }

    private void Settle(string place, PlacedNode? node, RootDirectory scratch)
    {
        var shown = _view.Node(place);
        switch (node?.Kind)
        {
            case null:
                if (shown is not null)
                {
                    upper.Hide(place);
                }

                break;
            case TarKind.Directory:
                SettleDirectory(place, node, shown, scratch);
                break;
            default:
                if (shown is null || !IsSame(shown, node, scratch))
                {
                    upper.Place(place, scratch, Written(node.Inode, scratch));
                }

                break;
        }
    }

    private void SettleDirectory(string place, PlacedNode node, PlacedNode? shown, RootDirectory scratch)
    {
        if (shown?.Kind != TarKind.Directory)
        {
            upper.PlaceDirectory(node.Inode.Entry with { Name = place });
        }

        // What hid the directory, even where another layer has one again, hides all that was in it, too; and what was in another one still
        // shows.
        foreach (var name in before.Names(place).ToList())
        {
            Settle($"{place}/{name}", node.IsFresh ? null : before.Node($"{place}/{name}"), scratch);
        }
    }

    /// <summary>Writes the files that come from packages, one pass for each package.</summary>
    private void Fetch(IEnumerable<FileInode> inodes, RootDirectory scratch)
    {
        foreach (
            var group in inodes
                .Where(inode => inode is { Package: not null, Entry.Kind: not TarKind.Directory })
                .GroupBy(inode => inode.Package!, (IEqualityComparer<UnpackedPackage>)ReferenceEqualityComparer.Instance)
        )
        {
            var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var inode in group)
            {
                wanted[inode.Entry.Name] = _files[inode] = NewName();
            }

            contents.Write(group.Key, wanted, scratch);
            foreach (var inode in group)
            {
                Relabel(inode, scratch);
            }
        }
    }

    /// <summary>Name of a file in the scratch directory; what was there before is copied when it is needed.</summary>
    private string Written(FileInode inode, RootDirectory scratch)
    {
        if (_files.TryGetValue(inode, out var written))
        {
            return written;
        }

        var name = _files[inode] = NewName();
        var entry = inode.Entry;
        using var content = entry.Kind == TarKind.File ? File.OpenRead(entry.Name) : null;
        PackageUnpacker.Write(scratch, entry with { Name = name }, buffer => content!.Read(buffer));
        Relabel(inode, scratch);
        return name;
    }

    private string NewName() => _files.Count.ToString(CultureInfo.InvariantCulture);

    private void Relabel(FileInode inode, RootDirectory scratch)
    {
        if (inode is { Relabelled: { } label, Entry.Kind: not TarKind.Symlink })
        {
            scratch.SetAttributes(_files[inode], label.Mode, label.User, label.Group, label.ModifiedAt);
        }
    }

    private bool IsSame(PlacedNode shown, PlacedNode node, RootDirectory scratch)
    {
        var one = shown.Inode.Entry;
        if (node.Inode is { Package: null, Relabelled: null } && node.Inode.Entry.Name == one.Name)
        {
            return true;
        }

        var name = Written(node.Inode, scratch);
        var other = new LayerView([scratch.Path]).Node(name)!.Inode.Entry;
        return one.Kind == other.Kind
            && one.Mode == other.Mode
            && one.User == other.User
            && one.Group == other.Group
            && one.Size == other.Size
            && one.ModifiedAt == other.ModifiedAt
            && one.LinkTarget == other.LinkTarget
            && one.DeviceMajor == other.DeviceMajor
            && one.DeviceMinor == other.DeviceMinor
            && one.Xattrs.Count == other.Xattrs.Count
            && one.Xattrs.Zip(other.Xattrs)
                .All(pair => pair.First.Key == pair.Second.Key && pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value))
            && (one.Kind != TarKind.File || HaveSameContent(one.Name, other.Name));
    }

    private static bool HaveSameContent(string one, string other)
    {
        using var first = File.OpenRead(one);
        using var second = File.OpenRead(other);
        var left = new byte[64 * 1024];
        var right = new byte[64 * 1024];
        while (true)
        {
            var count = first.ReadAtLeast(left, left.Length, throwOnEndOfStream: false);
            if (
                second.ReadAtLeast(right, right.Length, throwOnEndOfStream: false) != count
                || !left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count))
            )
            {
                return false;
            }

            if (count == 0)
            {
                return true;
            }
        }
    }
}
