using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>
/// Wheels of the package cache that lost a byte since they were fetched. No pass over the file is needed to find them: every byte that gets
/// into a layer goes through the archive's checksums and RECORD's hashes while it is installed, and only when these do not hold is the file
/// hashed, to tell a damaged file from a wheel that was made wrongly. (Layers with gzip take deflate data over as it is; their wheels are
/// hashed.)
/// </summary>
/// <param name="files">File of each wheel, once it is there.</param>
internal sealed class CachedWheels(IReadOnlyDictionary<LockedPythonPackage, Task<string>> files)
{
    /// <summary>The file of a wheel, once it is there.</summary>
    internal Task<string> FileAsync(LockedPythonPackage wheel) => files[wheel];

    /// <summary>Does work that reads wheels.</summary>
    /// <param name="wheels">The wheels that it reads.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="DamagedPackageException">One of the files is not the one that the lock names.</exception>
    internal T Read<T>(IEnumerable<LockedPythonPackage> wheels, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure)
            when (failure
                    is TorchyardException { Code: PackageCodes.BadWheel or PackageCodes.RefusedWheel }
                        or FileNotFoundException
                        or EndOfStreamException
                && wheels.FirstOrDefault(IsDamaged) is { } damaged
            )
        {
            throw new DamagedPackageException($"{damaged.Name} {damaged.Version}", failure);
        }
    }

    /// <summary>
    /// Checks the whole files of wheels whose deflate data went into a layer as it is: bits behind its end decode to nothing, so no
    /// checksum has them.
    /// </summary>
    /// <exception cref="DamagedPackageException">One of the files is not the one that the lock names.</exception>
    internal void Check(IEnumerable<LockedPythonPackage> wheels)
    {
        if (wheels.FirstOrDefault(IsDamaged) is { } damaged)
        {
            throw new DamagedPackageException($"{damaged.Name} {damaged.Version}");
        }
    }

    private bool IsDamaged(LockedPythonPackage wheel) =>
        files[wheel] is { IsCompletedSuccessfully: true } file
        && (!File.Exists(file.Result) || LockedPackageFile.HashOf(file.Result) != wheel.Sha256);
}
