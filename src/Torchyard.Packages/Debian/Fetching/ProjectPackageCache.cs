using System.Buffers;
using System.Security.Cryptography;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Debian.Fetching;

/// <summary>
/// Copies <c>.deb</c> files of the project into the package cache, by their hash: what is unpacked is what was read when the lock was made,
/// whatever happens to the project's file meanwhile.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="open">Opens a file of the project, a regular one that the recipe may reach.</param>
public sealed class ProjectPackageCache(StorePaths store, Func<string, Stream> open)
{
    private readonly FileCache _cache = new(store.Packages);

    /// <summary>Copies a file whatever it is.</summary>
    /// <param name="path">Its path as the recipe has it.</param>
    /// <returns>The copy, with its size and hash.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="TorchyardException">It is not a regular file, or the recipe may not reach it.</exception>
    public (string File, long Size, Digest Sha256) Take(string path)
    {
        var (copy, size, digest) = Copy(path, PackageFile.LargestFile);
        return (Keep(copy, size, digest), size, digest);
    }

    /// <summary>The file of a locked package: the cache's, else a copy of the project's.</summary>
    /// <exception cref="TorchyardException">TY2072: the project's file is not the one of the lock any more.</exception>
    public string Bring(LockedDebianPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        if (_cache.Has(package.Sha256, package.Size))
        {
            return _cache.PathOf(package.Sha256);
        }

        var path = package.Path ?? throw new InvalidOperationException($"{package.Name} comes from an archive");
        try
        {
            var (copy, size, digest) = Copy(path, package.Size);
            if (digest == package.Sha256 && size == package.Size)
            {
                return Keep(copy, size, digest);
            }

            File.Delete(copy);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or TorchyardException { Code: PlatformCodes.NotRegular })
        {
            throw Other(package, path, $"it cannot be read: {failure.Message.TrimEnd('.')}", failure);
        }

        throw Other(package, path, "its bytes are others", null);
    }

    private static TorchyardException Other(LockedDebianPackage package, string path, string what, Exception? inner) =>
        new(
            "TY2072",
            $"{path} is not the file that the lock has of {package.Name} {package.Version}: {what}",
            "run 'torchyard lock' to take the file as it is now, or put back the one that was locked",
            inner
        )
        {
            IsUsage = true,
        };

    private string Keep(string copy, long size, Digest digest)
    {
        if (_cache.Has(digest, size))
        {
            File.Delete(copy);
            return _cache.PathOf(digest);
        }

        return _cache.Take(copy, digest);
    }

    /// <summary>A copy on the file system of the cache; one byte more than the limit makes it another file than was meant.</summary>
    private (string Copy, long Size, Digest Sha256) Copy(string path, long limit)
    {
        using var source = open(path);
        Directory.CreateDirectory(_cache.PartialDirectory);
        var copy = Path.Combine(_cache.PartialDirectory, "file-" + Guid.NewGuid().ToString("N"));
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        try
        {
            using var target = new FileStream(copy, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long size = 0;
            for (int read; size <= limit && (read = source.Read(buffer)) > 0; size += read)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                target.Write(buffer.AsSpan(0, read));
            }

            if (size > PackageFile.LargestFile)
            {
                throw new IOException("it is larger than a package can be");
            }

            var value = new byte[SHA256.HashSizeInBytes];
            hash.GetHashAndReset(value);
            return (copy, size, Digest.FromHash(value));
        }
        catch (Exception failure)
        {
            File.Delete(copy);
            if (failure is IOException full && FullDisk.Is(full))
            {
                throw DiskSpace.Full(path, null, _cache.PartialDirectory, full);
            }

            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
