using Torchyard.Images.Files;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Deb;

/// <summary>
/// Reads package files of the cache. The cache knows a file by its stamp and does not hash it again, so a byte that the disk lost since it was
/// fetched shows here first: as a wrong hash, or as an archive that makes no sense.
/// </summary>
internal static class LockedPackageFile
{
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
        catch (TorchyardException failure) when (failure.Code is "TY3001" or "TY3002" or "TY3003" && HashOf(path) != package.Sha256)
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

/// <summary>A file of the package cache is not what the lock says. The build fetches it again and starts over.</summary>
/// <param name="package">Name and version of what the file is: a Debian package, a wheel, cuDNN.</param>
/// <param name="inner">What reading it ran into.</param>
internal sealed class DamagedPackageException(string package, Exception? inner = null)
    : Exception($"the cached file of {package} is damaged", inner)
{
    /// <summary>A file of the cache that is a Debian package.</summary>
    public DamagedPackageException(LockedDebianPackage package, Exception? inner = null)
        : this($"{package.Name} {package.Version}", inner)
    {
    }

    /// <summary>Name and version of what the file is.</summary>
    public string Package { get; } = package;
}
