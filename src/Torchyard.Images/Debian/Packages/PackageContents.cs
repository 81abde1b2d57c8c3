using Torchyard.Images.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Packages;

/// <summary>Reads packages again from their files.</summary>
/// <param name="fileOf">Gives the .deb of a package.</param>
internal sealed class PackageContents(Func<LockedDebianPackage, string> fileOf)
{
    /// <summary>All entries of a package.</summary>
    public IReadOnlyList<ArchivedEntry> Entries(UnpackedPackage package) =>
        package.Archive.Count > 0 ? package.Archive : PackageUnpacker.ReadEntries(fileOf(package.Package), package.Package);

    /// <summary>Writes entries of a package anywhere; see <see cref="PackageUnpacker.WriteEntries"/>.</summary>
    public void Write(UnpackedPackage package, IReadOnlyDictionary<string, string> wanted, RootDirectory root) =>
        PackageUnpacker.WriteEntries(fileOf(package.Package), package.Package, wanted, root);
}
