using Torchyard.Packages.Errors;
using Torchyard.Packages.Fetching;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Fetch;

/// <summary>
/// Wheels and source archives of the package cache, <c>packages/sha256/ab/abcd…</c>, fetched from indexes by
/// <see cref="VerifiedDownloader"/>.
/// </summary>
public sealed class WheelCache(StorePaths store, IndexTransport transport, PauseNotes? notes = null)
{
    private readonly FileCache _cache = new(store.Packages);

    /// <summary>Opens a file of this machine that a recipe names; may refuse it.</summary>
    public Func<string, FileStream> OpenLocal { get; init; } = RegularFile.OpenRead;

    /// <summary>Tries of a download that was cut; to reach the index at all has tries of its own.</summary>
    public RetryPolicy Retry { get; init; } =
        new()
        {
            Tries = 6,
            FirstPause = TimeSpan.FromMilliseconds(200),
            Notes = notes,
        };

    /// <summary>Path of a cached wheel; it need not exist.</summary>
    public string PathOf(Digest sha256) => _cache.PathOf(sha256);

    /// <summary>True when a file is there and good; one that was written to since is removed.</summary>
    /// <param name="sha256">Its hash.</param>
    /// <param name="size">Its size in bytes.</param>
    public bool Has(Digest sha256, long size) => _cache.Has(sha256, size);

    /// <summary>Takes a file that was made on this machine into the cache; it is moved there.</summary>
    /// <param name="file">The file, on the store's file system.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its place and hash.</returns>
    public async Task<(string Path, Digest Sha256)> AddAsync(string file, CancellationToken cancellation)
    {
        Digest sha256;
        await using (var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1))
        {
            sha256 = Digest.FromHash(await System.Security.Cryptography.SHA256.HashDataAsync(stream, cancellation));
            stream.Flush(flushToDisk: true);
        }

        return (_cache.Take(file, sha256), sha256);
    }

    /// <summary>Gives the file, fetching it if need be.</summary>
    /// <param name="url">Where it is: https, or a file of this machine.</param>
    /// <param name="expected">Its SHA-256 when that is known; else whatever comes is kept under its own.</param>
    /// <param name="size">Its size when that is known.</param>
    /// <param name="task">Told of every byte.</param>
    /// <param name="cancellation">Ends it; the part that came stays for the next try.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2505; TY2508 when the bytes are not those of the hash; TY2052 when the disk is
    /// full.</exception>
    public Task<(string Path, Digest Sha256)> GetAsync(
        Uri url,
        Digest? expected,
        long? size,
        IProgressTask task,
        CancellationToken cancellation
    ) => GetAsync(url, expected, size, long.MaxValue, task, cancellation);

    /// <summary>As above, and no more than so many bytes, whatever the server sends.</summary>
    /// <param name="url">Where it is: https, or a file of this machine.</param>
    /// <param name="expected">Its SHA-256 when that is known; else whatever comes is kept under its own.</param>
    /// <param name="size">Its size when that is known.</param>
    /// <param name="limit">Most bytes that are taken.</param>
    /// <param name="task">Told of every byte.</param>
    /// <param name="cancellation">Ends it; the part that came stays for the next try.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2505; TY2508 when the bytes are not those of the hash; TY2052 when the disk is
    /// full.</exception>
    public Task<(string Path, Digest Sha256)> GetAsync(
        Uri url,
        Digest? expected,
        long? size,
        long limit,
        IProgressTask task,
        CancellationToken cancellation
    ) => GetAsync(Download(url, expected, size) with { Most = limit }, task, cancellation);

    /// <summary>Gives a wheel of a lock: whoever installs it compares every byte with the lock.</summary>
    /// <param name="url">Where it is: https, or a file of this machine.</param>
    /// <param name="wheel">The wheel.</param>
    /// <param name="task">Told of every byte.</param>
    /// <param name="cancellation">Ends it; the part that came stays for the next try.</param>
    /// <exception cref="TorchyardException">As above.</exception>
    public async Task<string> GetWheelAsync(Uri url, LockedPythonPackage wheel, IProgressTask task, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(wheel);
        return (await GetAsync(Download(url, wheel.Sha256, wheel.Size) with { IsCheckedByReader = true }, task, cancellation)).Path;
    }

    /// <summary>Refuses to begin what the disk has no room for.</summary>
    /// <param name="files">Hash and size in bytes of each file; those in the cache need no room.</param>
    /// <exception cref="TorchyardException">TY2052.</exception>
    public void RequireRoom(IEnumerable<(Digest Sha256, long Size)> files) =>
        DiskSpace.Require(store.Packages, files.Where(file => !File.Exists(PathOf(file.Sha256))).Sum(file => file.Size));

    private static VerifiedDownload Download(Uri url, Digest? expected, long? size)
    {
        ArgumentNullException.ThrowIfNull(url);
        return new VerifiedDownload(IndexProblem.Show(url), [url])
        {
            Sha256 = expected,
            Size = size,
            Refusal = Refused,
        };
    }

    private async Task<(string Path, Digest Sha256)> GetAsync(VerifiedDownload download, IProgressTask task, CancellationToken cancellation)
    {
        var source = new IndexSource(transport, OpenLocal);
        var fetched = await new VerifiedDownloader(source, _cache, Retry).FetchAsync(download, task, cancellation);
        return (fetched.Path, fetched.Sha256);
    }

    private static TorchyardException Refused(VerifiedDownload download, IReadOnlyList<(Uri Source, HttpFailureException Failure)> failures)
    {
        var (url, failure) = failures[^1];
        return failure switch
        {
            WrongContentException { Actual: { } actual } => new TorchyardException(
                "TY2508",
                $"{IndexProblem.Show(url)} has SHA-256 {actual.Hex}, and must have {download.Sha256!.Value.Hex}",
                "the file was changed on the way or at its source; nothing of it was used. Try another index, or lock again if the "
                    + "change is known to be right",
                failure
            ),
            WrongContentException when download.Size is null => new TorchyardException(
                "TY2508",
                $"{IndexProblem.Show(url)}: {failure.Message}",
                "check the address; large data does not belong in a source archive",
                failure
            ),
            WrongContentException => new TorchyardException(
                "TY2508",
                $"{IndexProblem.Show(url)}: {failure.Message}",
                "try another index, or lock again",
                failure
            ),
            { IsAbsent: true } when !url.IsFile => new TorchyardException(
                PackageCodes.NotOnIndex,
                $"{IndexProblem.Show(url)} is not there (status {(int)failure.Status!})",
                "run 'torchyard lock' again: the index has removed the file, or the mirror lacks it",
                failure
            ),
            _ => IndexProblem.Unreachable(url, failure.Message, failure),
        };
    }
}
