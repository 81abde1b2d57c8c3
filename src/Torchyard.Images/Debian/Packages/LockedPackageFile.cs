using Torchyard.Images.Errors;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Packages;

/// <summary>
/// Reads package files of the cache. The cache knows a file by its stamp and does not hash it again, so a byte that the disk lost since it
/// was fetched shows here first: as a wrong hash, or as an archive that makes no sense.
/// </summary>
internal static class LockedPackageFile
{
    /// <summary>The files of packages.</summary>
    /// <param name="locked">The lock, which has the archives.</param>
    /// <param name="packages">The packages.</param>
    internal static IEnumerable<LockedFile> Of(RecipeLock locked, IEnumerable<LockedDebianPackage> packages)
    {
        var archives = locked.Archives.ToDictionary(archive => archive.Id, StringComparer.Ordinal);
        return packages.Select(package => new LockedFile
        {
            Name = package.Name,
            Version = package.Version,
            FileName = ArchivePath.Name(package.Filename),
            Size = package.Size,
            Sha256 = package.Sha256,
            Origin =
                package.Archive is { } id && archives.TryGetValue(id, out var archive)
                    ? $"{archive.Uri.TrimEnd('/')}/{package.Filename}"
                    : null,
            Path = package.Path,
            InstalledSize = package.InstalledSize,
        });
    }

    /// <summary>Reads the archive of a package.</summary>
    /// <param name="path">The file.</param>
    /// <param name="package">What the lock says of it.</param>
    /// <param name="whole">True when the reader reads all of it, so that its hash can be compared on the way.</param>
    /// <param name="read">The reader.</param>
    /// <exception cref="DamagedPackageException">The file is not the one that the lock names.</exception>
    internal static T Read<T>(string path, LockedDebianPackage package, bool whole, Func<DebArchive, T> read)
    {
        try
        {
            using var archive = DebArchive.Open(path, ArchivePath.Name(package.Filename));
            var result = read(archive);
            return !whole || archive.FinishHash() == package.Sha256 ? result : throw new DamagedPackageException(package);
        }
        catch (TorchyardException failure)
            when (failure.Code is ImageCodes.BadArchive or ImageCodes.UnsafeName or ImageCodes.UnpacksTooLarge
                && HashOf(path) != package.Sha256
            )
        {
            throw new DamagedPackageException(package, failure);
        }
        catch (FileNotFoundException failure) when (failure.FileName == path)
        {
            throw new DamagedPackageException(package, failure);
        }
    }

    /// <summary>SHA-256 of a file.</summary>
    internal static Digest HashOf(string path)
    {
        using var file = new HashedFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan));
        return file.Finish();
    }
}
