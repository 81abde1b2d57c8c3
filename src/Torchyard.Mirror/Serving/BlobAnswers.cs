using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;
using Torchyard.Mirror.Requests;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Upstreams;
using Torchyard.Mirror.Watching;
using Torchyard.Platform.Errors;

namespace Torchyard.Mirror.Serving;

/// <summary>Blobs: from the store, or from a fetch while it goes on (distribution-spec, "Pulling blobs", "Deleting Blobs").</summary>
internal sealed class BlobAnswers(MirrorStore store, Fetches fetches, Counters counters, bool isReadOnly)
{
    private const int Piece = 64 << 10;
    private const string Bytes = "application/octet-stream";

    /// <summary>Sends a blob, or a part of it.</summary>
    public async Task SendAsync(Exchange exchange)
    {
        var digest = exchange.Digest();
        exchange.SayDigest(digest);
        exchange.Say("Accept-Ranges", "bytes");
        if (HttpMethods.IsHead(exchange.Http.Request.Method))
        {
            Describe(exchange, digest, await SizeAsync(exchange, digest));
            return;
        }

        if (store.Repositories.SizeOf(exchange.Repository, digest) is not null && store.Blobs.TryOpen(digest) is { } file)
        {
            counters.Hit();
            using (file)
            {
                await SendAsync(exchange, digest, new Content(file, RandomAccess.GetLength(file), null));
            }

            return;
        }

        if (exchange.Upstream is not { } upstream || isReadOnly)
        {
            throw RefusedException.NoBlob(exchange.Reference);
        }

        counters.Missed();
        await FetchAsync(exchange, digest, upstream);
    }

    /// <summary>Removes a blob from a repository.</summary>
    public void Remove(Exchange exchange)
    {
        var digest = exchange.Digest();
        lock (store.Linking)
        {
            if (!store.Repositories.RemoveBlob(exchange.Repository, digest))
            {
                throw RefusedException.NoBlob(exchange.Reference);
            }
        }

        Answers.Empty(exchange.Http, StatusCodes.Status202Accepted);
    }

    private async Task<long?> SizeAsync(Exchange exchange, ContentDigest digest)
    {
        var linked = store.Repositories.SizeOf(exchange.Repository, digest);
        if (store.Blobs.SizeOf(digest) is { } size && linked is not null)
        {
            // Whoever asks may push a manifest with it next.
            store.Blobs.Use(digest);
            return size;
        }

        if (exchange.Upstream is not { } upstream || isReadOnly)
        {
            throw RefusedException.NoBlob(exchange.Reference);
        }

        if (linked is { } said)
        {
            // A manifest of the registry names it.
            return said;
        }

        using var growing = fetches.Join(digest, upstream);
        if (growing is not null)
        {
            return await TotalAsync(growing, exchange);
        }

        await RequireOfAsync(exchange, digest, upstream);
        return store.Blobs.SizeOf(digest);
    }

    private async Task FetchAsync(Exchange exchange, ContentDigest digest, UpstreamRepository upstream)
    {
        while (true)
        {
            var growing = fetches.Join(digest, upstream);
            if (growing is null)
            {
                // It is here by another repository. That this one has it is for its own registry to say.
                await RequireOfAsync(exchange, digest, upstream);
                using var file = store.Blobs.TryOpen(digest) ?? throw RefusedException.NoBlob(exchange.Reference);
                await SendAsync(exchange, digest, new Content(file, RandomAccess.GetLength(file), null));
                return;
            }

            using (growing)
            {
                long? total;
                try
                {
                    total = await TotalAsync(growing, exchange);
                }
                catch (RefusedException) when (growing.Source != upstream.Repository)
                {
                    // Another repository's registry was asked for it; this one's own may have it.
                    continue;
                }

                await SendAsync(exchange, digest, new Content(growing.File, total, growing));
                return;
            }
        }
    }

    private async Task RequireOfAsync(Exchange exchange, ContentDigest digest, UpstreamRepository upstream)
    {
        if (store.Repositories.SizeOf(exchange.Repository, digest) is not null)
        {
            return;
        }

        try
        {
            if (await UpstreamLook.HasAsync(upstream, digest, exchange.Gone) && store.Blobs.SizeOf(digest) is { } size)
            {
                store.Repositories.AddBlob(exchange.Repository, digest, size);
                return;
            }
        }
        catch (TorchyardException failure)
        {
            throw UpstreamRefusal.Of(failure, "BLOB_UNKNOWN");
        }

        throw RefusedException.NoBlob(exchange.Reference);
    }

    private static async Task<long?> TotalAsync(GrowingBlob growing, Exchange exchange)
    {
        try
        {
            return await growing.TotalAsync(exchange.Gone);
        }
        catch (BlobFetchException failure)
        {
            throw UpstreamRefusal.Of(failure.InnerException!, "BLOB_UNKNOWN");
        }
    }

    private static void Describe(Exchange exchange, ContentDigest digest, long? size)
    {
        var response = exchange.Http.Response;
        response.ContentType = Bytes;
        response.ContentLength = size;
        exchange.Say("ETag", $"\"{digest}\"");
    }

    private async Task SendAsync(Exchange exchange, ContentDigest digest, Content content)
    {
        var response = exchange.Http.Response;
        var (first, length) = (0L, content.Total);
        if (content.Total is { } total && ByteRange.Parse(exchange.Http.Request.Headers.Range) is { } range)
        {
            if (range.Of(total) is not { } part)
            {
                exchange.Say("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{total}"));
                Answers.Empty(exchange.Http, StatusCodes.Status416RangeNotSatisfiable);
                return;
            }

            (first, length) = part;
            response.StatusCode = StatusCodes.Status206PartialContent;
            exchange.Say("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{first + part.Length - 1}/{total}"));
        }

        Describe(exchange, digest, length);
        try
        {
            await CopyAsync(exchange, content, first, length ?? long.MaxValue);
        }
        catch (Exception failure) when (failure is BlobFetchException or IOException)
        {
            // A status went out already; only a connection that is cut says that this is not all.
            exchange.Http.Abort();
        }
    }

    private async Task CopyAsync(Exchange exchange, Content content, long first, long length)
    {
        var writer = exchange.Http.Response.BodyWriter;
        var position = first;
        while (length > 0)
        {
            var available = content.Growing is { } growing ? await growing.AvailableAsync(position, exchange.Gone) : length;
            if (available == 0)
            {
                // The end of one whose length nobody said.
                return;
            }

            var wanted = (int)Math.Min(Piece, Math.Min(available, length));
            var memory = writer.GetMemory(wanted);
            var read = await RandomAccess.ReadAsync(content.File, memory[..Math.Min(memory.Length, wanted)], position, exchange.Gone);
            if (read == 0)
            {
                throw new IOException($"a blob ends at byte {position}, before its end");
            }

            writer.Advance(read);
            position += read;
            length -= read;
            counters.Sent(exchange.Client, read);
            if ((await writer.FlushAsync(exchange.Gone)).IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Where bytes come from.</summary>
    /// <param name="File">Its file.</param>
    /// <param name="Total">Its length; null while nobody knows it.</param>
    /// <param name="Growing">The fetch; null for one that is there.</param>
    private readonly record struct Content(SafeFileHandle File, long? Total, GrowingBlob? Growing);
}
