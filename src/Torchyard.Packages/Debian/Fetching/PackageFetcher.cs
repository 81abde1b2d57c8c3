using System.Collections.Concurrent;
using System.Threading.Channels;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Debian.Fetching;

/// <summary>Fetches the packages of a lock, most urgent first, several at once.</summary>
/// <param name="downloader">Gets one file.</param>
/// <param name="cache">Where files go.</param>
/// <param name="mirrorsOf">Archive roots to try for a locked archive, best first.</param>
/// <param name="snapshot">Where vanished files may still be, or null to look nowhere else.</param>
/// <param name="settings">Limits.</param>
/// <param name="progress">Told how far it is.</param>
/// <param name="cacheRoot">Directory whose disk must have room.</param>
/// <param name="files">Gives the files of the project; null where no lock names any.</param>
internal sealed class PackageFetcher(
    VerifiedDownloader downloader,
    FileCache cache,
    Func<RecipeLock, LockedArchive, IReadOnlyList<Uri>> mirrorsOf,
    DebianSnapshot? snapshot,
    DownloadSettings settings,
    IProgressSink progress,
    string cacheRoot,
    ProjectPackageCache? files = null
) : IPackageFetcher
{
    // A file up to this size is not worth two requests: where answers take long, they and not the bytes are what fetching small files
    // costs.
    private const int WholeUpTo = 256 << 10;

    // The control part of 19 in 20 packages of trixie ends before.
    private const int LikelyStart = 16 << 10;

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<LockedDebianPackage, PackageStart>> FetchStartsAsync(
        RecipeLock locked,
        IReadOnlyList<LockedDebianPackage> packages,
        Func<ReadOnlyMemory<byte>, long?> needed,
        CancellationToken cancellation
    )
    {
        var starts = new ConcurrentDictionary<LockedDebianPackage, PackageStart>();
        var mirrors = new Dictionary<string, IReadOnlyList<Uri>>(StringComparer.Ordinal);
        var missing = new List<(LockedDebianPackage Package, VerifiedDownload Download)>();
        foreach (var package in packages.Distinct())
        {
            if (package.Path is not null)
            {
                starts[package] = new PackageStart(Files().Bring(package), default);
            }
            else if (IsCached(package))
            {
                starts[package] = new PackageStart(cache.PathOf(package.Sha256), default);
            }
            else
            {
                missing.Add((package, DownloadOf(locked, package, mirrors)));
            }
        }

        if (missing.Count == 0)
        {
            return starts;
        }

        Directory.CreateDirectory(cacheRoot);
        DiskSpace.Require(cacheRoot, missing.Sum(file => file.Package.Size));
        using var task = progress.Begin("Reading package descriptions", missing.Count, ProgressUnit.Items);
        var isHopeless = false;
        await Parallel.ForEachAsync(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = settings.Parallel, CancellationToken = cancellation },
            async (file, token) =>
            {
                if (Volatile.Read(ref isHopeless))
                {
                    return;
                }

                var size = file.Package.Size;
                try
                {
                    if (await downloader.FetchStartAsync(file.Download, size <= WholeUpTo ? size : LikelyStart, needed, token) is { } start)
                    {
                        starts[file.Package] = new PackageStart(null, start);
                    }
                }
                catch (HttpFailureException)
                {
                    // Whoever fetches the whole file tries longer, and says why.
                    Volatile.Write(ref isHopeless, true);
                }

                task.Advance(1);
            }
        );
        task.Done(isHopeless ? "not without the packages themselves, from these mirrors" : Count.Of(missing.Count, "package"));
        return starts;
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(
        RecipeLock locked,
        IReadOnlyList<LockedDebianPackage> packages,
        CancellationToken cancellation
    )
    {
        var results = new Dictionary<LockedDebianPackage, Task<string>>(packages.Count);
        var missing = Channel.CreateUnbounded<(VerifiedDownload Download, TaskCompletionSource<string> Result)>();
        long bytes = 0;
        var count = 0;
        var mirrors = new Dictionary<string, IReadOnlyList<Uri>>(StringComparer.Ordinal);
        foreach (var package in packages)
        {
            if (IsCached(package))
            {
                results[package] = Task.FromResult(cache.PathOf(package.Sha256));
                continue;
            }

            if (package.Path is not null)
            {
                results[package] = Task.Run(() => Files().Bring(package), cancellation);
                continue;
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

    private ProjectPackageCache Files() =>
        files ?? throw new InvalidOperationException("a lock with package files of the project needs the project");

    private bool IsCached(LockedDebianPackage package)
    {
        var state = cache.Look(package.Sha256, package.Size);
        if (state == CachedFile.Damaged)
        {
            progress.Note($"Damaged in the package cache, fetched again: {package.Name} {package.Version}");
        }

        return state == CachedFile.Good;
    }

    private async Task RunAsync(
        ChannelReader<(VerifiedDownload Download, TaskCompletionSource<string> Result)> missing,
        int count,
        long bytes,
        CancellationToken cancellation
    )
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
        await Task.WhenAll(
            Enumerable.Range(0, Math.Min(settings.Parallel, count)).Select(_ => Task.Run(WorkAsync, CancellationToken.None))
        );
        if (failed == 0)
        {
            task.Done($"{Count.Of(count, "package")}, {bytes / 1_000_000.0:0.#} MB");
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

                    item.Result.SetResult((await downloader.FetchAsync(item.Download, task, cancellation)).Path);
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
        var archive = locked.Archives.FirstOrDefault(archive => archive.Id == package.Archive)
            ?? throw new TorchyardException(
                "TY2054",
                $"the lock says that {package.Name} comes from the archive '{package.Archive}', which it does not list",
                "run torchyard lock again"
            );
        if (!PackageAddress.IsSafe(package.Filename))
        {
            throw new TorchyardException(
                "TY2054",
                $"the lock gives {package.Name} the path '{package.Filename}', which leads out of the archive",
                "run torchyard lock again"
            );
        }

        if (!mirrors.TryGetValue(archive.Id, out var roots))
        {
            mirrors[archive.Id] = roots = mirrorsOf(locked, archive);
        }

        return VerifiedDownload.OfArchive(
            $"{package.Name} {package.Version}",
            package.Sha256,
            package.Size,
            [.. roots.Select(root => PackageAddress.Of(root, package.Filename))]
        ) with
        {
            IsCheckedByReader = true,
            LateSources = snapshot is null || archive.IsFurther ? null : cancellation => snapshot.FindAsync(archive, package, cancellation),
        };
    }
}
