using Torchyard.Images.Files;
using Torchyard.Recipes;

namespace Torchyard.Images.Deb;

/// <summary>Reads packages again from their files.</summary>
/// <param name="files">The .deb of each package.</param>
internal sealed class PackageContents(IReadOnlyDictionary<LockedDebianPackage, string> files)
{
    /// <summary>All entries of a package.</summary>
    public IReadOnlyList<ArchivedEntry> Entries(UnpackedPackage package) => package.Archive.Count > 0
        ? package.Archive
        : PackageUnpacker.ReadEntries(files[package.Package], package.Package);

    /// <summary>Writes entries of a package anywhere; see <see cref="PackageUnpacker.WriteEntries"/>.</summary>
    public void Write(UnpackedPackage package, IReadOnlyDictionary<string, string> wanted, RootDirectory root) =>
        PackageUnpacker.WriteEntries(files[package.Package], package.Package, wanted, root);
}
