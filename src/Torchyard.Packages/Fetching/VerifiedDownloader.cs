using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;

namespace Torchyard.Packages.Fetching;

/// <summary>
/// Fetches files into a <see cref="FileCache"/>, packages and wheels alike: tries again, and turns to the next source. A file is in the
/// cache with the right bytes, or not at all.
/// </summary>
internal sealed class VerifiedDownloader(IByteSource source, FileCache cache, RetryPolicy retry)
{
    private readonly PartialDownload _partial = new(source, cache);

    /// <summary>Gets a file.</summary>
    /// <param name="download">The file.</param>
    /// <param name="progress">Told about each byte of the file once, cached or not; taken back for bytes that turn out wrong.</param>
    /// <param name="cancellation">Ends the download; what came stays for the next try.</param>
    /// <returns>The checked file.</returns>
    /// <exception cref="TorchyardException">The download's own refusal when no source has it; TY2052: the disk is full.</exception>
    public async Task<CachedDownload> FetchAsync(VerifiedDownload download, IProgressTask progress, CancellationToken cancellation)
    {
        if (Cached(download, progress) is { } cached)
        {
            return cached;
        }

        using var held = await cache.LockAsync(download.Key, cancellation);
        if (Cached(download, progress) is { } meanwhile)
        {
            // Another process was faster.
            return meanwhile;
        }

        var failures = new List<(Uri Source, HttpFailureException Failure)>();
        foreach (var address in download.Sources)
        {
            if (await TryAsync(download, address, failures, progress, cancellation) is { } digest)
            {
                return new CachedDownload(cache.Commit(download.Key, digest), digest);
            }
        }

        if (download.LateSources is { } late)
        {
            await foreach (var address in late(cancellation).WithCancellation(cancellation))
            {
                if (await TryAsync(download, address, failures, progress, cancellation) is { } digest)
                {
                    return new CachedDownload(cache.Commit(download.Key, digest), digest);
                }
            }
        }

        throw download.Refusal(download, failures);
    }

    /// <inheritdoc cref="StartDownload.FetchAsync"/>
    public Task<ReadOnlyMemory<byte>?> FetchStartAsync(
        VerifiedDownload download,
        long first,
        Func<ReadOnlyMemory<byte>, long?> needed,
        CancellationToken cancellation
    ) => new StartDownload(source, cache).FetchAsync(download, first, needed, cancellation);

    private CachedDownload? Cached(VerifiedDownload download, IProgressTask progress)
    {
        if (download.Sha256 is not { } known || !cache.Has(known, download.Size))
        {
            return null;
        }

        progress.Advance(download.Size ?? new FileInfo(cache.PathOf(known)).Length);
        return new CachedDownload(cache.PathOf(known), known);
    }

    private async Task<Digest?> TryAsync(
        VerifiedDownload download,
        Uri address,
        List<(Uri, HttpFailureException)> failures,
        IProgressTask progress,
        CancellationToken cancellation
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _partial.CompleteAsync(download, address, progress, cancellation);
            }
            catch (HttpFailureException failure) when (retry.IsWorthAnother(attempt, failure))
            {
                await retry.PauseAsync(address, attempt, failure, cancellation);
            }
            catch (HttpFailureException failure)
            {
                failures.Add((address, failure));
                return null;
            }
            catch (IOException error) when (FullDisk.Is(error))
            {
                throw DiskSpace.Full(download.Label, download.Size, cache.PartialDirectory, error);
            }
        }
    }
}
