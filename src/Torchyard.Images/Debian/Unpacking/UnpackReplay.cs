using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Tar;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// What <c>dpkg --unpack</c> of packages, one after the other, would do with entries whose places several of them want: the decisions of
/// dpkg's
/// <c>tarobject</c> (src/main/archives.c) over lists of entries, without their content. It knows the places that packages contend for and
/// all below them, no others.
/// </summary>
/// <param name="before">
/// What was at a place before, or, where nobody contends for the place, what is there; null for nothing. Never looks through symbolic
/// links.
/// </param>
/// <param name="holders">Packages of before that list a path.</param>
/// <param name="diversions">dpkg's diversions.</param>
/// <param name="tolerates">True when a conflict between a package and a later one may be passed over; the first file stays then.</param>
/// <param name="isLenient">True to pass over whatever dpkg would refuse: packages that are not known here may yet change it.</param>
internal sealed class UnpackReplay(
    Func<string, PlacedNode?> before,
    Func<string, IEnumerable<UnpackedPackage>> holders,
    IReadOnlyCollection<Diversion> diversions,
    Func<UnpackedPackage, UnpackedPackage, bool> tolerates,
    bool isLenient = false
)
{
    // MAXSYMLINKS of Linux.

    private readonly Dictionary<string, Diversion> _from = diversions.ToDictionary(diversion => diversion.From, StringComparer.Ordinal);
    private readonly Dictionary<string, Diversion> _to = Last(diversions);
    private readonly Dictionary<string, PlacedNode?> _tree = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<UnpackedPackage>> _listing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlacedNode?> _before = new(StringComparer.Ordinal);
    private readonly HashSet<UnpackedPackage> _gone = new(ReferenceEqualityComparer.Instance);

    /// <summary>What changed, by place: null for what is not there any more, though something below may be listed still.</summary>
    internal IReadOnlyDictionary<string, PlacedNode?> Changes => _tree;

    /// <summary>Paths that packages have lost to others or never got, as dpkg's lists name them.</summary>
    internal Dictionary<UnpackedPackage, HashSet<string>> Unlisted { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>
    /// Paths of which dpkg has no sum: a package's file was not unpacked there, or the path is a further name of such a file.
    /// </summary>
    internal Dictionary<UnpackedPackage, HashSet<string>> Unsummed { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Conffiles that another package took over: whose, its path, and whose hash it keeps in dpkg's status.</summary>
    internal List<(UnpackedPackage Package, string Path, UnpackedPackage HashOf)> Obsolete { get; } = [];

    /// <summary>
    /// Where links led on which something depended; whether it was there already is only right where that is replayed, too.
    /// </summary>
    internal HashSet<string> Followed { get; } = new(StringComparer.Ordinal);

    /// <summary>Packages that list a path now.</summary>
    internal IReadOnlyList<UnpackedPackage> Holders(string listed)
    {
        if (!_listing.TryGetValue(listed, out var list))
        {
            _listing[listed] = list = [.. holders(listed)];
        }

        list.RemoveAll(_gone.Contains);
        return list;
    }

    /// <summary>A package is gone: it lists nothing any more.</summary>
    internal void Forget(UnpackedPackage package) => _gone.Add(package);

    /// <summary>Unpacks some entries of a package. Other packages keep what it takes from their lists until <see cref="Elide"/>.</summary>
    internal void Unpack(UnpackedPackage package, IEnumerable<ArchivedEntry> entries)
    {
        var own = new Dictionary<string, PlacedNode>(StringComparer.Ordinal);
        var taken = new Dictionary<string, string>(StringComparer.Ordinal);
        var unsummed = new HashSet<string>(StringComparer.Ordinal);
        var conffiles = PackageUnpacker.Conffiles(package.ControlFiles);
        foreach (var archived in entries)
        {
            var listed = archived.Listed;
            if (_to.TryGetValue(listed, out var came))
            {
                throw ImageErrors.DivertedConflict(listed, package.Package.Name, came.From);
            }

            try
            {
                Unpack(archived);
            }
            catch (Torchyard.Platform.Errors.TorchyardException) when (isLenient)
            {
                Skip(package, listed, conffiles);
            }
        }

        if (unsummed.Count > 0)
        {
            Unsummed[package] = unsummed;
        }

        void Unpack(in ArchivedEntry archived)
        {
            var listed = archived.Listed;
            var place = Resolve(PlaceFor(listed, package), out var blocking);
            var there = blocking is null ? Lookup(place) : null;
            var isShared = IsExistingDirectory(archived.Entry, place, there);
            if (!isShared && Keeps(package, archived, there))
            {
                Skip(package, listed, conffiles);
                unsummed.Add(listed);
                return;
            }

            if (blocking is not null)
            {
                throw ImageErrors.ParentConflict(listed, package.Package.Name, blocking);
            }

            Add(listed, package);
            if (isShared)
            {
                return;
            }

            var node =
                archived.Entry.Kind == TarKind.HardLink
                    ? Linked(package, archived, own, unsummed)
                    : new PlacedNode(
                        archived.Entry.Kind,
                        new FileInode(package, archived.Entry),
                        archived.Entry.Kind == TarKind.Directory && there is not null
                    );
            if (node.Kind != TarKind.Directory && !taken.TryAdd(place, listed))
            {
                // Where another package's link makes one place of two, dpkg does not find its file again.
                throw ImageErrors.SamePlaceConflict(taken[place], listed, package.Package.Name);
            }

            Put(place, node, package);
            own[listed] = node;
            (_placed ??= []).Add(listed);
        }
    }

    // What the package that was unpacked last has placed.
    private List<string>? _placed;

    /// <summary>Takes what a package has placed off the lists of the others (dpkg, pkg_remove_files_from_others).</summary>
    internal void Elide(UnpackedPackage package)
    {
        var conffiles = PackageUnpacker.Conffiles(package.ControlFiles);
        foreach (var listed in _placed ?? [])
        {
            _from.TryGetValue(listed, out var diversion);
            if (diversion?.Package == package.Package.Name)
            {
                continue;
            }

            foreach (
                var other in Holders(listed)
                    .Where(other => !ReferenceEquals(other, package) && other.Package.Name != diversion?.Package)
                    .ToList()
            )
            {
                Unlist(other, listed);
                if (conffiles.Contains("/" + listed) && other.ConffileHashes.ContainsKey("/" + listed))
                {
                    Obsolete.Add((other, "/" + listed, other));
                }
            }
        }

        _placed = null;
    }

    /// <summary>Where the files of a package of that path go.</summary>
    internal string PlaceFor(string listed, UnpackedPackage package) =>
        PackageUnpacker.PlaceOf(
            _from.TryGetValue(listed, out var diversion) && diversion.Package != package.Package.Name ? diversion.To : listed
        );

    /// <summary>What is at a place now; links on the way are not followed.</summary>
    internal PlacedNode? Lookup(string place)
    {
        if (_tree.TryGetValue(place, out var node))
        {
            return node;
        }

        if (!_before.TryGetValue(place, out var former))
        {
            _before[place] = former = before(place);
        }

        for (var parent = ArchivePath.Parent(place); parent.Length > 0; parent = ArchivePath.Parent(parent))
        {
            if (_tree.TryGetValue(parent, out var above))
            {
                return above is { Kind: TarKind.Directory, IsFresh: false } ? former : null;
            }
        }

        return former;
    }

    private static Dictionary<string, Diversion> Last(IReadOnlyCollection<Diversion> diversions)
    {
        var to = new Dictionary<string, Diversion>(StringComparer.Ordinal);
        foreach (var diversion in diversions)
        {
            to[diversion.To] = diversion;
        }

        return to;
    }

    /// <summary>True when a directory, or a link to the same one, is there already: dpkg does nothing then and asks nobody.</summary>
    private bool IsExistingDirectory(TarEntry entry, string place, PlacedNode? there) =>
        entry.Kind switch
        {
            TarKind.Symlink => there?.Kind == TarKind.Directory
                || (
                    there?.Kind == TarKind.Symlink
                    && Follow(place, there.LinkTarget) is { Node.Kind: TarKind.Directory } old
                    && Follow(place, entry.LinkTarget) is { Node.Kind: TarKind.Directory } now
                    && old.Place == now.Place
                ),
            TarKind.Directory => there?.Kind == TarKind.Directory
                || (there?.Kind == TarKind.Symlink && Follow(place, there.LinkTarget)?.Node.Kind == TarKind.Directory),
            _ => false,
        };

    /// <summary>True when another package's file stays; false when this one's is placed.</summary>
    private bool Keeps(UnpackedPackage package, in ArchivedEntry archived, PlacedNode? there)
    {
        var keeps = false;
        var listed = archived.Listed;
        _from.TryGetValue(listed, out var diversion);
        foreach (var other in Holders(listed))
        {
            if (
                ReferenceEquals(other, package)
                || (diversion is not null && (other.Package.Name == diversion.Package || package.Package.Name == diversion.Package))
                || (there is null && archived.Entry.Kind == TarKind.Directory)
                || Replacement.Covers(package, other)
            )
            {
                continue;
            }

            if (Replacement.Covers(other, package) || tolerates(other, package))
            {
                keeps = true;
                continue;
            }

            throw there?.Kind == TarKind.Directory
                ? ImageErrors.DirectoryConflict(listed, package.Package.Name, other.Package.Name)
                : ImageErrors.FileConflict(listed, other.Package.Name, package.Package.Name);
        }

        return keeps;
    }

    private void Skip(UnpackedPackage package, string listed, HashSet<string> conffiles)
    {
        Unlist(package, listed);
        if (conffiles.Contains("/" + listed))
        {
            var other = Holders(listed).FirstOrDefault(other => other.ConffileHashes.ContainsKey("/" + listed));
            Obsolete.Add((package, "/" + listed, other ?? package));
        }
    }

    /// <summary>
    /// A further name of a file: of the package's own, or, where that was kept out, of the file which is there instead.
    /// </summary>
    private PlacedNode Linked(
        UnpackedPackage package,
        in ArchivedEntry archived,
        Dictionary<string, PlacedNode> own,
        HashSet<string> unsummed
    )
    {
        if (unsummed.Contains(archived.ListedTarget))
        {
            unsummed.Add(archived.Listed);
        }

        if (own.TryGetValue(archived.ListedTarget, out var first))
        {
            return first;
        }

        var target = Resolve(PlaceFor(archived.ListedTarget, package), out var blocking);
        if (blocking is not null || Lookup(target) is not { Kind: not TarKind.Directory } other)
        {
            throw ImageErrors.LinkConflict(archived.Listed, archived.ListedTarget, package.Package.Name);
        }

        other.Inode.Relabelled = archived.Entry;
        return other;
    }

    private void Put(string place, PlacedNode node, UnpackedPackage package)
    {
        foreach (
            var below in _tree
                .Keys.Where(key => key.Length > place.Length && key[place.Length] == '/' && key.StartsWith(place, StringComparison.Ordinal))
                .ToList()
        )
        {
            if (ReferenceEquals(_tree[below]?.Inode.Package, package))
            {
                // Through another package's link to the directory which this one replaces: dpkg does not find its file again.
                throw ImageErrors.ParentConflict(below, package.Package.Name, place);
            }

            _tree.Remove(below);
        }

        _tree[place] = node;
    }

    private void Add(string listed, UnpackedPackage package)
    {
        var list = Holders(listed);
        if (!list.Contains(package, ReferenceEqualityComparer.Instance))
        {
            _listing[listed].Add(package);
        }
    }

    private void Unlist(UnpackedPackage package, string listed)
    {
        if (!Unlisted.TryGetValue(package, out var unlisted))
        {
            Unlisted[package] = unlisted = new(StringComparer.Ordinal);
        }

        unlisted.Add(listed);
        _ = Holders(listed);
        _listing[listed].RemoveAll(other => ReferenceEquals(other, package));
    }

    /// <summary>Follows the links of all parts of a path but the last.</summary>
    /// <param name="path">The path.</param>
    /// <param name="blocking">A part on the way that is there and no directory; else null.</param>
    private string Resolve(string path, out string? blocking)
    {
        blocking = null;
        var parent = ArchivePath.Parent(path);
        if (parent.Length == 0)
        {
            return path;
        }

        var links = 0;
        var resolved = Walk("", parent, ref links);
        blocking = resolved.Node is { Kind: not TarKind.Directory } ? resolved.Place : null;
        return (resolved.Place.Length == 0 ? "" : resolved.Place + "/") + ArchivePath.Name(path);
    }

    /// <summary>What a symbolic link leads to; null when that is nothing.</summary>
    private (string Place, PlacedNode Node)? Follow(string link, string target)
    {
        var links = 1;
        var (place, node) = Walk(ArchivePath.Parent(link), target, ref links);
        if (node is null)
        {
            return null;
        }

        Followed.Add(place);
        return (place, node);
    }

    /// <summary>
    /// Walks a path with all its links inside the root; a part that does not exist stays as it is. <see cref="LinkWalk"/> does not fit:
    /// the tree is in memory alone, places move where dpkg would put them, and a file in the way is where it ends.
    /// </summary>
    private (string Place, PlacedNode? Node) Walk(string from, string path, ref int links)
    {
        var place = path.StartsWith('/') ? "" : from;
        PlacedNode? node = null;
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part)
            {
                case ".":
                    continue;
                case "..":
                    place = ArchivePath.Parent(place);
                    node = place.Length == 0 ? null : Lookup(place);
                    continue;
            }

            if (node is { Kind: not TarKind.Directory })
            {
                return (place, node);
            }

            var next = PackageUnpacker.PlaceOf(place.Length == 0 ? part : $"{place}/{part}");
            node = Lookup(next);
            if (node?.Kind == TarKind.Symlink)
            {
                if (++links > LinkWalk.MostLinks)
                {
                    return (next, node);
                }

                (place, node) = Walk(place, node.LinkTarget, ref links);
                continue;
            }

            place = next;
        }

        return (place, node ?? (place.Length == 0 ? Root : Lookup(place)));
    }

    private static readonly PlacedNode Root = new(
        TarKind.Directory,
        new FileInode(
            null,
            new TarEntry
            {
                Name = "",
                Kind = TarKind.Directory,
                Mode = FileModes.Directory,
            }
        )
    );
}
