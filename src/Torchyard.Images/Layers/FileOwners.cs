using Torchyard.Images.Deb;
using Torchyard.Images.Files;

namespace Torchyard.Images.Layers;

/// <summary>
/// Whose each file is. dpkg refuses a package with a file of another one unless it says Replaces; layers that hide each other's files would
/// break that rule in silence, so both cases fail here with both names.
/// </summary>
internal sealed class FileOwners
{
    private readonly Dictionary<string, (UnpackedPackage Package, string Root)> _owners = new(StringComparer.Ordinal);

    /// <summary>Adds the packages of a layer; TY3004 when one has a file of a package that was added before.</summary>
    internal void Add(IReadOnlyList<UnpackedPackage> packages, string root)
    {
        foreach (var package in packages)
        {
            foreach (var path in package.ListedPaths)
            {
                if (!_owners.TryAdd(path, (package, root)) && _owners[path] is var other && !ReferenceEquals(other.Package, package)
                    && !(IsDirectory(other.Root, path) && IsDirectory(root, path)))
                {
                    throw ImageErrors.FileConflict(path, other.Package.Package.Name, package.Package.Name);
                }
            }
        }
    }

    /// <summary>Names the owner of paths that were taken when a package was unpacked into the same layer.</summary>
    internal static void RefuseCollisions(UnpackedPackage package, List<string> collided, IEnumerable<UnpackedPackage> all)
    {
        foreach (var path in collided)
        {
            var owner = all.FirstOrDefault(other => !ReferenceEquals(other, package) && other.Entries.Any(entry => entry.Name == path));
            throw ImageErrors.FileConflict(path, owner?.Package.Name ?? package.Package.Name, package.Package.Name);
        }
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

    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
}
