using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;

namespace Torchyard.Packages.Fetching;

/// <summary>
/// One try to complete the partial file of a download from one address: hashes while streaming, and goes on where a cut connection or an
/// earlier run stopped.
/// </summary>
internal sealed class PartialDownload(IByteSource source, FileCache cache)
{
    private const int BufferSize = 1 << 18;

    /// <summary>Completes the partial file.</summary>
    /// <returns>The hash of what is there now; the one that was asked for, if one was.</returns>
    /// <exception cref="HttpFailureException">The address does not have it, or did not give all of it.</exception>
    public async Task<Digest> CompleteAsync(VerifiedDownload download, Uri address, IProgressTask progress, CancellationToken cancellation)
    {
        await using var file = cache.OpenPartial(download);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (download.Sha256 is null)
        {
            // Nothing would say that what is there and what comes belong together.
            file.SetLength(0);
        }

        var had = await HashExistingAsync(file, hash, cancellation);
        progress.Advance(had);
        if (had != download.Size)
        {
            try
            {
                using var open = await OpenAsync(download, address, had, cancellation);
                if (open.Start != had)
                {
                    // The server began anew.
                    progress.Advance(-had);
                    file.SetLength(0);
                    hash.GetHashAndReset();
                    had = 0;
                }

                await CopyAsync(download, open, file, hash, progress, cancellation);
            }
            catch
            {
                progress.Advance(-file.Length);
                throw;
            }
        }

        var value = new byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(value);
        var actual = Digest.FromHash(value);
        if (download.Sha256 is { } wanted && actual != wanted)
        {
            progress.Advance(-file.Length);
            file.SetLength(0);

            // Bytes of two sources, or of an earlier run, may have met in one file: the same source whole is worth a try.
            throw new WrongContentException("its bytes are not what the lock says", isTransient: had > 0) { Actual = actual };
        }

        if (!download.IsCheckedByReader)
        {
            file.Flush(flushToDisk: true);
        }

        return actual;
    }

    private async Task<OpenSource> OpenAsync(VerifiedDownload download, Uri address, long offset, CancellationToken cancellation)
    {
        OpenSource open;
        try
        {
            open = await source.OpenAsync(address, offset, cancellation);
        }
        catch (HttpFailureException failure)
            when (offset > 0 && failure.Status is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.PartialContent)
        {
            open = await source.OpenAsync(address, 0, cancellation);
        }

        if (open.Total is { } total && (download.Size is { } size ? total != size : total > download.Most))
        {
            open.Dispose();
            throw download.Size is { } locked
                ? new WrongContentException($"the file there has {total} bytes, the lock says {locked}", isTransient: false)
                : TooLong(download);
        }

        return open;
    }

    // Leaves in the file what came, unless it is wrong.
    private static async Task CopyAsync(
        VerifiedDownload download,
        OpenSource open,
        FileStream file,
        IncrementalHash hash,
        IProgressTask progress,
        CancellationToken cancellation
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            file.Seek(0, SeekOrigin.End);
            while (true)
            {
                var read = await open.ReadAsync(buffer, cancellation);
                if (read == 0)
                {
                    if ((download.Size ?? open.Total) is { } whole && file.Position != whole)
                    {
                        throw new HttpFailureException("the connection was cut", isTransient: true);
                    }

                    return;
                }

                if (read > download.Bound - file.Position)
                {
                    progress.Advance(-file.Length);
                    file.SetLength(0);
                    throw TooLong(download);
                }

                hash.AppendData(buffer.AsSpan(0, read));
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                progress.Advance(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static WrongContentException TooLong(VerifiedDownload download) =>
        download.Size is { } size
            ? new WrongContentException($"more came than the {size} bytes that the lock says", isTransient: false)
            : new WrongContentException($"it is longer than {download.Most} bytes, more than is taken from there", isTransient: false);

    private static async Task<long> HashExistingAsync(FileStream file, IncrementalHash hash, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
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
}
