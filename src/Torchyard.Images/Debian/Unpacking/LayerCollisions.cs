using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// Places that several packages of one layer want. Which was unpacked first is a matter of chance, and the others' entries were put aside;
/// now the layer gets what dpkg would make of its packages alone. Where dpkg would refuse, the first package by name has the place until
/// <see cref="Torchyard.Images.Debian.Unpacking.SharedFiles"/> knows about diversions.
/// </summary>
internal static class LayerCollisions
{
    /// <summary>Puts the right files in place, and their entries into the right packages.</summary>
    /// <param name="packages">The layer's packages in name order.</param>
    /// <param name="root">The layer.</param>
    /// <param name="aside">Gives the directory that a package's entries were put aside to.</param>
    /// <param name="scratch">A directory on the same file system that does not exist yet.</param>
    /// <returns>The packages, and the places at stake.</returns>
    internal static (List<UnpackedPackage> Packages, List<string> Contended) Settle(
        IReadOnlyList<UnpackedPackage> packages,
        RootDirectory root,
        Func<UnpackedPackage, string> aside,
        string scratch
    )
    {
        var places = new ContendedPlaces(packages.SelectMany(package => package.Aside));
        if (places.IsEmpty)
        {
            return ([.. packages], []);
        }

        var replay = Replay(packages, places, new LayerView([root.Path]));
        var nodes = replay
            .Changes.Where(pair => pair.Value is not null)
            .Select(pair => (Place: pair.Key, Node: pair.Value!))
            .OrderBy(pair => pair.Place, StringComparer.Ordinal)
            .ToList();
        Move(nodes, places, root, aside, scratch);
        var entries = Entries(nodes);
        return (
            [
                .. packages.Select(package =>
                    package with
                    {
                        Entries = [.. package.Entries.Where(entry => !places.Has(entry.Name)), .. entries.GetValueOrDefault(package) ?? []],
                    }
                ),
            ],
            [.. places.Topmost.Order(StringComparer.Ordinal)]
        );
    }

    private static UnpackReplay Replay(IReadOnlyList<UnpackedPackage> packages, ContendedPlaces places, LayerView layer)
    {
        while (true)
        {
            places.AddNames([.. packages.Select(package => package.Archive)]);
            var contending = packages.Where(package => places.Of(package.Archive).Any()).ToList();
            var replay = new UnpackReplay(
                place => places.Has(place) ? null : layer.Node(place),
                static _ => [],
                [],
                static (_, _) => true,
                isLenient: true
            );
            foreach (var package in UnpackOrder.Of(contending, contending))
            {
                replay.Unpack(package, places.Of(package.Archive));
                replay.Elide(package);
            }

            // Through one package's link to a directory another one's files may have gone elsewhere.
            if (!places.Add(replay.Changes.Keys.Concat(replay.Followed)))
            {
                return replay;
            }
        }
    }

    private static void Move(
        List<(string Place, PlacedNode Node)> nodes,
        ContendedPlaces places,
        RootDirectory root,
        Func<UnpackedPackage, string> aside,
        string scratch
    )
    {
        Directory.CreateDirectory(scratch);
        using var kept = RootDirectory.Open(scratch);
        var names = new Dictionary<FileInode, string>(ReferenceEqualityComparer.Instance);
        foreach (var (_, node) in nodes.Where(pair => pair.Node.Kind != TarKind.Directory))
        {
            if (names.ContainsKey(node.Inode))
            {
                continue;
            }

            var name = names.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var package = node.Inode.Package!;
            if (package.Aside.Count > 0 && ArchivePath.IsAtOrBelow(node.Inode.Entry.Name, package.Aside))
            {
                using var from = RootDirectory.Open(aside(package));
                from.Move(node.Inode.Entry.Name, kept, name);
            }
            else
            {
                root.Move(node.Inode.Entry.Name, kept, name);
            }

            if (node is { Kind: not TarKind.Symlink, Inode.Relabelled: { } label })
            {
                kept.SetAttributes(name, label.Mode, label.User, label.Group, label.ModifiedAt);
            }

            names[node.Inode] = name;
        }

        foreach (var place in places.Topmost)
        {
            root.RemoveTree(place);
        }

        foreach (var (place, node) in nodes)
        {
            if (node.Kind == TarKind.Directory)
            {
                root.MakeDirectory(place);
            }
            else
            {
                root.MakeHardLink(place, names[node.Inode], kept);
            }
        }

        Directory.Delete(scratch, recursive: true);
    }

    private static Dictionary<UnpackedPackage, List<TarEntry>> Entries(List<(string Place, PlacedNode Node)> nodes)
    {
        var entries = new Dictionary<UnpackedPackage, List<TarEntry>>(ReferenceEqualityComparer.Instance);
        var firsts = new Dictionary<FileInode, string>(ReferenceEqualityComparer.Instance);
        foreach (var (place, node) in nodes)
        {
            var inode = node.Inode;
            var entry = inode.Relabelled is { } label
                ? inode.Entry with
                {
                    Mode = label.Mode,
                    User = label.User,
                    Group = label.Group,
                    ModifiedAt = label.ModifiedAt,
                }
                : inode.Entry;
            if (!entries.TryGetValue(inode.Package!, out var own))
            {
                entries[inode.Package!] = own = [];
            }

            // Further names of a link or device are links or devices of their own in an archive.
            own.Add(
                node.Kind != TarKind.File || firsts.TryAdd(inode, place)
                    ? entry with
                    {
                        Name = place,
                    }
                    : entry with
                    {
                        Name = place,
                        Kind = TarKind.HardLink,
                        LinkTarget = firsts[inode],
                        Size = 0,
                        Xattrs = [],
                    }
            );
        }

        return entries;
    }
}
