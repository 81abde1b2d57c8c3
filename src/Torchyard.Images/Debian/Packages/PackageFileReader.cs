using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Debian.Packages;

/// <summary>Reads a package file that no archive describes.</summary>
public static class PackageFileReader
{
    /// <summary>Reads all of it, so that what is damaged is found before anything is built of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="label">What messages call it.</param>
    /// <returns>Its control file, and the bytes that its files take.</returns>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3001 to TY3003: it is not a package, or damaged.</exception>
    public static (ReadOnlyMemory<byte> Control, long Unpacked) Read(string path, string label)
    {
        using var archive = DebArchive.Open(path, label);
        var control = archive.ReadControl()["control"].Content;
        long unpacked = 0;
        archive.ReadData(PackageFile.LargestFile, (entry, _) => unpacked += Math.Max(0, entry.Size));
        return (control, unpacked);
    }
}
