using Torchyard.Images.Deb;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Recipes;

namespace Torchyard.Images.Layers;

/// <summary>
/// Files that two packages of one layer ship. Which was unpacked first is a matter of chance; afterwards the layer has the one that Replaces says,
/// else that of the first package by name, until <see cref="Configure.SharedFiles"/> knows about diversions.
/// </summary>
internal static class LayerCollisions
{
    /// <summary>Puts the right file in place, and its entry into the right package.</summary>
    /// <param name="unpacked">The layer's packages in name order, with the paths that each found taken.</param>
    /// <param name="files">Paths of the package files.</param>
    /// <param name="root">The layer.</param>
    internal static List<UnpackedPackage> Settle(
        IReadOnlyList<(UnpackedPackage Package, List<string> Collided)> unpacked,
        IReadOnlyDictionary<LockedDebianPackage, string> files,
        RootDirectory root)
    {
        var packages = unpacked.Select(pair => pair.Package).ToList();
        for (var index = 0; index < unpacked.Count; index++)
        {
            foreach (var path in unpacked[index].Collided)
            {
                var owner = packages.FindIndex(other => !ReferenceEquals(other, packages[index]) && other.Entries.Any(entry => entry.Name == path));
                if (owner < 0)
                {
                    throw ImageErrors.FileConflict(path, packages[index].Package.Name, packages[index].Package.Name);
                }

                var (first, second) = owner < index ? (packages[owner], packages[index]) : (packages[index], packages[owner]);
                var winner = new SharedPath(path, first, second).Winner ?? first;
                var entry = packages[owner].Entries.First(entry => entry.Name == path);
                if (entry.Kind is TarKind.Directory or TarKind.HardLink || packages[owner].Entries.Any(other => IsLinkTo(other, path)))
                {
                    // A directory in place of a file, or a file with more names: no package of Debian needs it.
                    throw ImageErrors.FileConflict(path, packages[owner].Package.Name, packages[index].Package.Name);
                }

                if (ReferenceEquals(winner, packages[index]))
                {
                    var (own, content) = PackageUnpacker.ReadEntry(files[winner.Package], winner.Package, path);
                    if (own.Kind is not (TarKind.File or TarKind.Symlink) || packages[index].Entries.Any(other => IsLinkTo(other, path)))
                    {
                        throw ImageErrors.FileConflict(path, packages[owner].Package.Name, packages[index].Package.Name);
                    }

                    root.Remove(path);
                    PackageUnpacker.WriteEntry(root, own, content);
                    packages[owner] = packages[owner] with { Entries = [.. packages[owner].Entries.Where(other => other.Name != path)] };
                    packages[index] = packages[index] with { Entries = [.. packages[index].Entries, own] };
                }
                else if (packages[index].Entries.Any(other => IsLinkTo(other, path)))
                {
                    throw ImageErrors.FileConflict(path, packages[owner].Package.Name, packages[index].Package.Name);
                }
            }
        }

        return packages;
    }

    private static bool IsLinkTo(TarEntry entry, string path) => entry.Kind == TarKind.HardLink && entry.LinkTarget == path;
}
