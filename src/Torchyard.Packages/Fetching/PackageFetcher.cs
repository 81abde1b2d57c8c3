using System.Threading.Channels;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Packages.Fetching;

/// <summary>Fetches the packages of a lock, most urgent first, several at once.</summary>
/// <param name="downloader">Gets one file.</param>
/// <param name="cache">Where files go.</param>
/// <param name="mirrorsOf">Archive roots to try for a locked archive, best first.</param>
/// <param name="snapshot">Where vanished files may still be, or null to look nowhere else.</param>
/// <param name="settings">Limits.</param>
/// <param name="progress">Told how far it is.</param>
/// <param name="cacheRoot">Directory whose disk must have room.</param>
internal sealed class PackageFetcher(
    VerifiedDownloader downloader,
    FileCache cache,
    Func<RecipeLock, LockedArchive, IReadOnlyList<Uri>> mirrorsOf,
    DebianSnapshot? snapshot,
    DownloadSettings settings,
    IProgressSink progress,
    string cacheRoot) : IPackageFetcher
{
    /// <inheritdoc />
    public IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(
        RecipeLock locked, IReadOnlyList<LockedDebianPackage> packages, CancellationToken cancellation)
    {
        var results = new Dictionary<LockedDebianPackage, Task<string>>(packages.Count);
        var missing = Channel.CreateUnbounded<(VerifiedDownload Download, TaskCompletionSource<string> Result)>();
        long bytes = 0;
        var count = 0;
        var mirrors = new Dictionary<string, IReadOnlyList<Uri>>(StringComparer.Ordinal);
        foreach (var package in packages)
        {
            var state = cache.Look(package.Sha256, package.Size);
            if (state == CachedFile.Good)
            {
                results[package] = Task.FromResult(cache.PathOf(package.Sha256));
                continue;
            }

            if (state == CachedFile.Damaged)
            {
                progress.Note($"Damaged in the package cache, fetched again: {package.Name} {package.Version}");
            }

            // Continuations unpack packages; they must not run on the thread that downloads.
            var result = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (results.TryAdd(package, result.Task))
            {
                missing.Writer.TryWrite((DownloadOf(locked, package, mirrors), result));
                bytes += package.Size;
                count++;
            }
        }

        missing.Writer.Complete();
        if (count > 0)
        {
            _ = RunAsync(missing.Reader, count, bytes, cancellation);
        }

        return results;
    }

    /// <inheritdoc />
    public IReadOnlyList<LockedDebianPackage> RemoveDamaged(RecipeLock locked, CancellationToken cancellation)
    {
        var damaged = new List<LockedDebianPackage>();
        foreach (var package in locked.Packages)
        {
            cancellation.ThrowIfCancellationRequested();
            if (cache.Look(package.Sha256, package.Size, always: true) == CachedFile.Damaged)
            {
                damaged.Add(package);
            }
        }

        return damaged;
    }

    private async Task RunAsync(
        ChannelReader<(VerifiedDownload Download, TaskCompletionSource<string> Result)> missing, int count, long bytes, CancellationToken cancellation)
    {
        using var task = progress.Begin("Fetching packages", bytes);
        Exception? noRoom = null;
        try
        {
            Directory.CreateDirectory(cacheRoot);
            DiskSpace.Require(cacheRoot, bytes);
        }
        catch (Exception error) when (error is TorchyardException or IOException or UnauthorizedAccessException)
        {
            noRoom = error;
        }

        var failed = 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(settings.Parallel, count)).Select(_ => Task.Run(WorkAsync, CancellationToken.None)));
        if (failed == 0)
        {
            task.Done($"{count} packages, {bytes / 1_000_000.0:0.#} MB");
        }

        async Task WorkAsync()
        {
            while (missing.TryRead(out var item))
            {
                try
                {
                    if (noRoom is not null)
                    {
                        throw noRoom;
                    }

                    item.Result.SetResult(await downloader.FetchAsync(item.Download, task, cancellation));
                }
                catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
                {
                    Interlocked.Increment(ref failed);
                    item.Result.SetCanceled(cancellation);
                }
#pragma warning disable CA1031 // Whoever awaits the package gets it, whatever it is.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    Interlocked.Increment(ref failed);
                    item.Result.SetException(error);
                }
            }
        }
    }

    private VerifiedDownload DownloadOf(RecipeLock locked, LockedDebianPackage package, Dictionary<string, IReadOnlyList<Uri>> mirrors)
    {
        var archive = locked.Archives.FirstOrDefault(archive => archive.Id == package.Archive) ?? throw new TorchyardException(
            "TY2054", $"the lock says that {package.Name} comes from the archive '{package.Archive}', which it does not list",
            "Run torchyard lock again");
        if (!PackageAddress.IsSafe(package.Filename))
        {
            throw new TorchyardException(
                "TY2054", $"the lock gives {package.Name} the path '{package.Filename}', which leads out of the archive", "Run torchyard lock again");
        }

        if (!mirrors.TryGetValue(archive.Id, out var roots))
        {
            mirrors[archive.Id] = roots = mirrorsOf(locked, archive);
        }

        return new VerifiedDownload(
            $"{package.Name} {package.Version}",
            package.Sha256,
            package.Size,
            [.. roots.Select(root => PackageAddress.Of(root, package.Filename))],
            snapshot is null ? null : cancellation => snapshot.FindAsync(archive, package, cancellation));
    }
}
