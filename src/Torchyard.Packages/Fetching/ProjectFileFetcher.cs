using System.Security.Cryptography;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;

namespace Torchyard.Packages.Fetching;

/// <summary>
/// Gives the files of a project that a lock has: from the package cache, else from the project, where they may have changed since. What
/// was used once can be used again without the project, as when a damaged layer is made anew.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="files">The files of the project.</param>
public sealed class ProjectFileFetcher(StorePaths store, ProjectFiles files)
{
    private readonly FileCache _cache = new(store.Packages);

    /// <summary>Place of a file with the content of the lock.</summary>
    /// <param name="file">The file.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2059: it is gone, or not what was locked; TY1043: it is outside of the project, and nobody
    /// allowed that.</exception>
    public async Task<string> FetchAsync(LockedProjectFile file, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (_cache.Has(file.Sha256, file.Size))
        {
            return _cache.PathOf(file.Sha256);
        }

        Directory.CreateDirectory(_cache.PartialDirectory);
        using var held = await _cache.LockAsync(file.Sha256, cancellation);
        if (_cache.Has(file.Sha256, file.Size))
        {
            return _cache.PathOf(file.Sha256);
        }

        var copy = _cache.PartialPathOf(file.Sha256);
        try
        {
            return await CopyAsync(file, copy, cancellation) == file.Sha256
                ? _cache.Take(copy, file.Sha256)
                : throw Changed(file, "is not what it was when it was locked");
        }
        catch (Exception failure)
            when (failure is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException
                || failure is TorchyardException { Code: PlatformCodes.NotRegular }
            )
        {
            throw Changed(file, $"cannot be read: {failure.Message.TrimEnd('.')}", failure);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    private async Task<Digest> CopyAsync(LockedProjectFile file, string copy, CancellationToken cancellation)
    {
        await using var source = files.Open(file.Source);
        await using var target = new FileStream(copy, FileMode.Create, FileAccess.Write, FileShare.Read, 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        var left = file.Size;
        int read;
        // Of one that grew no more is read than shows it.
        while (left >= 0 && (read = await source.ReadAsync(buffer, cancellation)) > 0)
        {
            hash.AppendData(buffer.AsSpan(0, read));
            await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
            left -= read;
        }

        return Digest.FromHash(hash.GetHashAndReset());
    }

    private static TorchyardException Changed(LockedProjectFile file, string what, Exception? inner = null) =>
        new(
            "TY2059",
            $"the file {file.Source} of the project, which the image has as {file.Target}, {what}",
            "run 'torchyard lock' in the project, or bring back the file as it was",
            inner
        );
}
