using Torchyard.Images.Configure;
using Torchyard.Images.Deb;
using Torchyard.Images.Files;

namespace Torchyard.Images.Layers;

/// <summary>A path, directories aside, that two packages ship.</summary>
/// <param name="Path">As their lists have it.</param>
/// <param name="Lower">The package that was added before.</param>
/// <param name="Upper">The package that was added after it: in a layer above, or later by name in the same layer.</param>
internal sealed record SharedPath(string Path, UnpackedPackage Lower, UnpackedPackage Upper)
{
    /// <summary>
    /// The package whose file counts, by Replaces; null when neither replaces the other. Where each replaces the other, it is the later one, as
    /// with dpkg.
    /// </summary>
    internal UnpackedPackage? Winner => Replacement.Covers(Upper, Lower) ? Upper : Replacement.Covers(Lower, Upper) ? Lower : null;
}

/// <summary>Whose each file is. What two packages share is found here; dpkg's rules for it are in <see cref="SharedFiles"/>.</summary>
internal sealed class FileOwners
{
    private readonly Dictionary<string, (UnpackedPackage Package, string Root)> _owners = new(StringComparer.Ordinal);
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);

    /// <summary>Adds the packages of a layer.</summary>
    /// <returns>What they share with packages that were added before, or with each other.</returns>
    internal List<SharedPath> Add(IReadOnlyList<UnpackedPackage> packages, string root)
    {
        var shared = new List<SharedPath>();
        foreach (var package in packages)
        {
            foreach (var path in package.ListedPaths)
            {
                if (_owners.TryAdd(path, (package, root)))
                {
                    continue;
                }

                var other = _owners[path];
                if (!ReferenceEquals(other.Package, package) && !(IsDirectory(other.Root, path) && IsDirectory(root, path)))
                {
                    var pair = new SharedPath(path, other.Package, package);
                    shared.Add(pair);
                    if (ReferenceEquals(pair.Winner, package))
                    {
                        _owners[path] = (package, root);
                    }
                }
            }
        }

        return shared;
    }

    private bool IsDirectory(string root, string path)
    {
        // Directories are shared by many packages; asking the disk once for each is enough.
        if (path.Length == 0 || _directories.Contains(path))
        {
            return true;
        }

        var place = Posix.TryStat(Posix.CurrentDirectory, $"{root}/{path}", out var stat)
            ? stat.Type
            : Posix.TryStat(Posix.CurrentDirectory, $"{root}/usr/{path}", out stat) ? stat.Type : 0;
        if (place == Posix.TypeDirectory)
        {
            _directories.Add(path);
        }

        return place == Posix.TypeDirectory;
    }
}
