using System.Buffers;
using System.Security.Cryptography;
using Torchyard.Platform;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Fetching;

/// <summary>
/// Fetches files into a <see cref="FileCache"/>: hashes while streaming, goes on where a cut connection or an earlier run stopped, tries
/// again, and turns to the next source. A file is in the cache with the right bytes, or not at all.
/// </summary>
internal sealed class VerifiedDownloader(Transport transport, FileCache cache, DownloadSettings settings)
{
    // errno of a full disk and of a full quota; .NET puts errno into HResult.
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>Gets a file.</summary>
    /// <param name="download">The file.</param>
    /// <param name="progress">Told about each byte of the file once, cached or not; taken back for bytes that turn out wrong.</param>
    /// <param name="cancellation">Ends the download; what came stays for the next try.</param>
    /// <returns>Path of the checked file.</returns>
    /// <exception cref="TorchyardException">TY2050: no source has it; TY2051: all sources have other bytes; TY2052: the disk is full.</exception>
    public async Task<string> FetchAsync(VerifiedDownload download, IProgressTask progress, CancellationToken cancellation)
    {
        if (cache.Has(download.Sha256, download.Size))
        {
            progress.Advance(download.Size);
            return cache.PathOf(download.Sha256);
        }

        using var held = await cache.LockAsync(download.Sha256, cancellation);
        if (cache.Has(download.Sha256, download.Size))
        {
            // Another process was faster.
            progress.Advance(download.Size);
            return cache.PathOf(download.Sha256);
        }

        var failures = new List<(Uri Source, SourceFailure Failure)>();
        foreach (var source in download.Sources)
        {
            if (await TryAsync(download, source, failures, progress, cancellation))
            {
                return cache.Commit(download.Sha256);
            }
        }

        if (download.LateSources is { } late)
        {
            await foreach (var source in late(cancellation).WithCancellation(cancellation))
            {
                if (await TryAsync(download, source, failures, progress, cancellation))
                {
                    return cache.Commit(download.Sha256);
                }
            }
        }

        throw Failed(download, failures);
    }

    private async Task<bool> TryAsync(
        VerifiedDownload download, Uri source, List<(Uri, SourceFailure)> failures, IProgressTask progress, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await DownloadAsync(download, source, progress, cancellation);
                return true;
            }
            catch (SourceFailure failure) when (failure.IsTransient && attempt < settings.Tries)
            {
                await Task.Delay(settings.BackOff * (1 << (attempt - 1)), cancellation);
            }
            catch (SourceFailure failure)
            {
                failures.Add((source, failure));
                return false;
            }
            catch (IOException error) when (error.HResult is NoSpace or QuotaExceeded)
            {
                throw DiskFull(download, error);
            }
        }
    }

    private async Task DownloadAsync(VerifiedDownload download, Uri source, IProgressTask progress, CancellationToken cancellation)
    {
        var path = cache.PartialPathOf(download.Sha256);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
        });
        if (file.Length > download.Size)
        {
            file.SetLength(0);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var had = await HashExistingAsync(file, hash, cancellation);
        if (had < download.Size)
        {
            progress.Advance(had);
            var done = had;
            try
            {
                using var open = await OpenAsync(download, source, had, cancellation);
                if (open.Start != had)
                {
                    // The server began anew.
                    progress.Advance(-done);
                    done = 0;
                    file.SetLength(0);
                    hash.GetHashAndReset();
                    had = 0;
                }

                done = await CopyAsync(download, open, file, hash, done, progress, cancellation);
            }
            catch
            {
                progress.Advance(-Math.Min(file.Length, download.Size));
                throw;
            }
        }
        else
        {
            progress.Advance(download.Size);
        }

        var value = new byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(value);
        if (Digest.FromHash(value) != download.Sha256)
        {
            progress.Advance(-download.Size);
            file.SetLength(0);

            // Bytes of two sources, or of an earlier run, may have met in one file: the same source whole is worth a try.
            throw new SourceFailure("its bytes are not what the lock says", isTransient: had > 0);
        }

        file.Flush(flushToDisk: true);
    }

    private async Task<OpenSource> OpenAsync(VerifiedDownload download, Uri source, long offset, CancellationToken cancellation)
    {
        OpenSource open;
        try
        {
            open = await transport.OpenAsync(source, offset, cancellation);
        }
        catch (SourceFailure failure) when (offset > 0 && failure.Status is System.Net.HttpStatusCode.RequestedRangeNotSatisfiable or System.Net.HttpStatusCode.PartialContent)
        {
            open = await transport.OpenAsync(source, 0, cancellation);
        }

        if (open.Total is { } total && total != download.Size)
        {
            open.Dispose();
            throw new SourceFailure($"the file there has {total} bytes, the lock says {download.Size}", isTransient: false);
        }

        return open;
    }

    private async Task<long> CopyAsync(
        VerifiedDownload download, OpenSource open, FileStream file, IncrementalHash hash, long done, IProgressTask progress, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            file.Seek(done, SeekOrigin.Begin);
            while (true)
            {
                var read = await transport.ReadAsync(open.Body, buffer, cancellation);
                if (read == 0)
                {
                    return done == download.Size ? done : throw new SourceFailure("the connection was cut", isTransient: true);
                }

                if (done + read > download.Size)
                {
                    file.SetLength(0);
                    progress.Advance(-done);
                    throw new SourceFailure($"more came than the {download.Size} bytes that the lock says", isTransient: false);
                }

                hash.AppendData(buffer.AsSpan(0, read));
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                done += read;
                progress.Advance(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<long> HashExistingAsync(FileStream file, IncrementalHash hash, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            file.Seek(0, SeekOrigin.Begin);
            long had = 0;
            int read;
            while ((read = await file.ReadAsync(buffer, cancellation)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                had += read;
            }

            return had;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private TorchyardException DiskFull(VerifiedDownload download, IOException error)
    {
        var place = Path.GetDirectoryName(cache.PartialPathOf(download.Sha256))!;
        return new TorchyardException(
            "TY2052",
            $"the disk is full while fetching {download.Label}: {ByteSize.Decimal(download.Size)} are needed, {ByteSize.Decimal(DiskSpace.FreeAt(place))} are free at {place}",
            "Free space (torchyard prune), or put the store elsewhere with TORCHYARD_STORE",
            error);
    }

    private static TorchyardException Failed(VerifiedDownload download, List<(Uri Source, SourceFailure Failure)> failures)
    {
        var list = string.Join("; ", failures.Select(failure => $"{Shown(failure.Source)}: {failure.Failure.Message}"));
        var wrong = failures.Exists(failure => failure.Failure.Message.Contains("the lock says", StringComparison.Ordinal));
        return wrong
            ? new TorchyardException(
                "TY2051", $"{download.Label} is not what the lock says at any source: {list}",
                "Run torchyard lock again if the archive changed; if it did not, a mirror or proxy alters files", failures[^1].Failure)
            : new TorchyardException(
                "TY2050", $"{download.Label} cannot be fetched: {(list.Length == 0 ? "no source is known" : list)}",
                "Check the network and the proxy, name another mirror in base.mirrors, or lock again", failures.Count > 0 ? failures[^1].Failure : null);
    }

    // Never a password into an error.
    private static string Shown(Uri address) => address.UserInfo.Length == 0 ? address.AbsoluteUri : new UriBuilder(address) { UserName = "", Password = "" }.Uri.AbsoluteUri;
}
