using Torchyard.Images.Debian.Packages;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>A package whose files lie in the layers so far.</summary>
/// <param name="Package">The package.</param>
/// <param name="Layer">Directory of its layer.</param>
/// <param name="Contended">Places that it and others of its layer wanted.</param>
internal sealed record ListedPackage(UnpackedPackage Package, string Layer, IReadOnlySet<string> Contended);

/// <summary>
/// dpkg's file lists of all packages so far: who has which path. Finds the paths that packages of a stage want together with others; dpkg's
/// rules for these are in <see cref="UnpackReplay"/>.
/// </summary>
internal sealed class FileLists
{
    private readonly Dictionary<string, Holders> _holders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Known> _packages = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Layer, string Path), bool> _directories = [];

    // Paths below /bin, /lib and the like: which others name the same place another way.
    private readonly HashSet<string> _aliased = new(StringComparer.Ordinal);
    private readonly List<UnpackedPackage> _order = [];

    /// <summary>All packages that are there, in the order in which they were added.</summary>
    internal IEnumerable<UnpackedPackage> Packages => _order;

    /// <summary>Adds the packages of a layer, in name order.</summary>
    /// <param name="packages">The packages.</param>
    /// <param name="layer">Directory of the layer.</param>
    /// <param name="contended">Places that several of them wanted; see
    /// <see cref="Torchyard.Images.Debian.Unpacking.LayerCollisions"/>.</param>
    /// <returns>Places, not all of them directories, that they want together with others, their own layer's or earlier ones.</returns>
    internal List<string> Add(IReadOnlyList<UnpackedPackage> packages, string layer, IReadOnlyList<string> contended)
    {
        var within = new HashSet<string>(contended, StringComparer.Ordinal);
        var shared = new List<string>(contended);
        foreach (var package in packages)
        {
            var known = new Known(new ListedPackage(package, layer, within));
            _packages[package.InfoName] = known;
            _order.Add(package);
            foreach (var path in package.ListedPaths)
            {
                Add(path, known, shared);
            }
        }

        return shared;
    }

    /// <summary>Packages that list a path.</summary>
    internal IEnumerable<UnpackedPackage> HoldersOf(string path) =>
        _holders.TryGetValue(path, out var holders) ? holders.All.Select(known => known.Listed.Package) : [];

    /// <summary>What a package lists.</summary>
    internal IEnumerable<string> ListOf(UnpackedPackage package) =>
        _packages[package.InfoName].Removed is { } removed
            ? package.ListedPaths.Where(path => !removed.Contains(path))
            : package.ListedPaths;

    /// <summary>Packages with nothing of their own: every path is another package's too. Only these may disappear.</summary>
    internal List<UnpackedPackage> WithNothingOfTheirOwn() =>
        [.. _order.Where(package => _packages[package.InfoName] is { Own: 0 } && package.ListedPaths.Any(path => path.Length > 0))];

    /// <summary>Takes over what configuring a stage changed: lists that became shorter, and packages that disappeared.</summary>
    /// <param name="upper">The stage's upper directory.</param>
    internal void Update(string upper)
    {
        var directory = $"{upper}/{PackageUnpacker.InfoDirectory}";
        if (!Directory.Exists(directory))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFileSystemEntries(directory, "*.list").Order(StringComparer.Ordinal))
        {
            var name = ArchivePath.Name(file)[..^".list".Length];
            if (!_packages.TryGetValue(name, out var known) || !StatusCalls.TryRead(At.CurrentDirectory, file, out var stat))
            {
                continue;
            }

            var gone = stat.Type != FileKind.Regular;
            var listed = gone
                ? []
                : File.ReadLines(file).Select(line => line is "/." ? "" : line.TrimStart('/')).ToHashSet(StringComparer.Ordinal);
            foreach (var path in ListOf(known.Listed.Package).Where(path => !listed.Contains(path)).ToList())
            {
                Remove(path, known);
            }

            if (gone)
            {
                _packages.Remove(name);
                _order.Remove(known.Listed.Package);
            }
        }
    }

    private void Add(string path, Known known, List<string> shared)
    {
        if (PackageUnpacker.PlaceOf(path) is var place && !ReferenceEquals(place, path))
        {
            _aliased.Add(place);
            // Both names of one place: dpkg does not see it, and what is unpacked later counts.
            if (_holders.TryGetValue(place, out var others))
            {
                Compare(place, place, known, others.First, shared);
            }
        }
        else if (_aliased.Contains(path) && _holders.TryGetValue(path["usr/".Length..], out var others))
        {
            Compare(path, path, known, others.First, shared);
        }

        ref var holders = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_holders, path, out var exists);
        if (!exists)
        {
            holders = new Holders { First = known };
            known.Own++;
            return;
        }

        if (holders!.First == known || holders.More?.Contains(known) == true)
        {
            // Twice in one list.
            return;
        }

        if (holders.More is null)
        {
            holders.First.Own--;
        }

        Compare(path, place, known, holders.First, shared);
        (holders.More ??= []).Add(known);
    }

    private void Compare(string path, string place, Known one, Known other, List<string> shared)
    {
        if (
            !PackageUnpacker.IsMergedDirectory(path)
            && path.Length > 0
            && !(IsDirectory(one.Listed, place) && IsDirectory(other.Listed, place))
        )
        {
            shared.Add(place);
        }
    }

    private void Remove(string path, Known known)
    {
        (known.Removed ??= new(StringComparer.Ordinal)).Add(path);
        var holders = _holders[path];
        if (holders.More is null)
        {
            _holders.Remove(path);
            known.Own--;
            return;
        }

        if (holders.First == known)
        {
            holders.First = holders.More[0];
            holders.More.RemoveAt(0);
        }
        else
        {
            holders.More.Remove(known);
        }

        if (holders.More.Count == 0)
        {
            holders.More = null;
            holders.First.Own++;
        }
    }

    private bool IsDirectory(ListedPackage package, string place)
    {
        if (package.Contended.Count > 0 && ArchivePath.IsAtOrBelow(place, package.Contended))
        {
            // What the layer has there may be another package's.
            return false;
        }

        // Directories are shared by many packages; asking the disk once for each layer is enough.
        if (!_directories.TryGetValue((package.Layer, place), out var isDirectory))
        {
            isDirectory =
                StatusCalls.TryRead(At.CurrentDirectory, $"{package.Layer}/{place}", out var stat) && stat.Type == FileKind.Directory;
            _directories[(package.Layer, place)] = isDirectory;
        }

        return isDirectory;
    }

    /// <summary>A package and what counts for whether it may disappear.</summary>
    private sealed class Known(ListedPackage listed)
    {
        internal ListedPackage Listed { get; } = listed;

        /// <summary>Paths that no other package lists.</summary>
        internal int Own { get; set; }

        internal HashSet<string>? Removed { get; set; }
    }

    private sealed class Holders
    {
        internal required Known First { get; set; }

        /// <summary>The others; null for none.</summary>
        internal List<Known>? More { get; set; }

        internal IEnumerable<Known> All => (More ?? []).Prepend(First);
    }
}
