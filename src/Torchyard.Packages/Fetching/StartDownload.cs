using System.Buffers;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Fetching;

/// <summary>Gets the beginning of a file without the rest.</summary>
internal sealed class StartDownload(IByteSource source, FileCache cache)
{
    /// <summary>
    /// Gets the beginning of a file that the cache lacks, from the first source that gives parts of files. Nothing of it is checked: the
    /// hash is that of the whole. What came stays, and <see cref="VerifiedDownloader"/> goes on behind it.
    /// </summary>
    /// <param name="download">The file.</param>
    /// <param name="first">Bytes to ask for at first.</param>
    /// <param name="needed">From the bytes that are there: how many it takes, or null when these are not the beginning of such a
    /// file.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The bytes that it takes; null when they cannot be had alone.</returns>
    /// <exception cref="HttpFailureException">No source gives any part of it, for a reason that other files of these sources have
    /// too.</exception>
    public async Task<ReadOnlyMemory<byte>?> FetchAsync(
        VerifiedDownload download,
        long first,
        Func<ReadOnlyMemory<byte>, long?> needed,
        CancellationToken cancellation
    )
    {
        var (sha256, size) = (download.Sha256!.Value, download.Size!.Value);
        using var held = await cache.LockAsync(sha256, cancellation);
        if (cache.Has(sha256, size))
        {
            // Another process was faster.
            return null;
        }

        await using var file = cache.OpenPartial(download);
        var wanted = Math.Min(first, size);
        while (true)
        {
            if (file.Length < wanted && !await ExtendAsync(download, file, wanted, cancellation))
            {
                return null;
            }

            var start = new byte[wanted];
            file.Seek(0, SeekOrigin.Begin);
            await file.ReadExactlyAsync(start, cancellation);
            if (needed(start) is not { } takes || takes > size)
            {
                return null;
            }

            if (takes <= wanted)
            {
                return start.AsMemory(0, (int)takes);
            }

            wanted = takes;
        }
    }

    /// <summary>Makes the partial file so long; false when these sources do not have this file.</summary>
    private async Task<bool> ExtendAsync(VerifiedDownload download, FileStream file, long length, CancellationToken cancellation)
    {
        HttpFailureException? general = null;
        foreach (var address in download.Sources)
        {
            try
            {
                using var open = await source.OpenAsync(address, file.Length, cancellation, last: length - 1);
                if (!open.IsPart)
                {
                    general = new HttpFailureException("the server does not give parts of files", isTransient: false);
                }
                else if (open.Total is null || open.Total == download.Size)
                {
                    await AppendAsync(open, file, length, cancellation);
                    return true;
                }
            }
            catch (HttpFailureException failure)
                when (failure.Status is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Gone)
            {
                // Another source may have it; if none does, whoever fetches the whole file says so.
            }
            catch (HttpFailureException failure)
            {
                general = failure;
            }
            catch (IOException error) when (FullDisk.Is(error))
            {
                throw DiskSpace.Full(download.Label, download.Size, cache.PartialDirectory, error);
            }
        }

        return general is null ? false : throw general;
    }

    private static async Task AppendAsync(OpenSource open, FileStream file, long length, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 15);
        try
        {
            file.Seek(open.Start, SeekOrigin.Begin);
            while (file.Position < length)
            {
                var read = await open.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - file.Position)), cancellation);
                if (read == 0)
                {
                    throw new HttpFailureException("the connection was cut", isTransient: true);
                }

                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
