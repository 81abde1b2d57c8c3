using System.Globalization;
using Microsoft.AspNetCore.Http;
using Torchyard.Mirror.Requests;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Watching;
using Torchyard.Platform.Files;

namespace Torchyard.Mirror.Serving;

/// <summary>Blobs that clients send: whole, in chunks, or from another repository (distribution-spec, "Pushing blobs").</summary>
internal sealed class UploadAnswers(MirrorStore store, MirrorSettings settings, Counters counters)
{
    /// <summary>Begins an upload; does all of it where the blob comes along, or is in another repository.</summary>
    public async Task BeginAsync(Exchange exchange)
    {
        if (exchange.Query("mount") is { } mount && ContentDigest.TryParse(mount, out var wanted) && TryMount(exchange, wanted))
        {
            return;
        }

        RequireRoom(exchange);
        var digest =
            exchange.Query("digest") is null || exchange.Query("mount") is not null ? (ContentDigest?)null : exchange.QueryDigest("digest");
        var isEmpty = exchange.Http.Request.ContentLength is 0;
        var upload = store.Uploads.Begin(exchange.Repository);
        if (digest is { } named && (!isEmpty || named == ContentDigest.Of([], named.IsLong)))
        {
            using var held = await upload.HoldAsync(exchange.Gone);
            await AppendAsync(exchange, upload);
            await FinishAsync(exchange, upload, named);
            return;
        }

        SayState(exchange, upload);
        Answers.Empty(exchange.Http, StatusCodes.Status202Accepted);
    }

    /// <summary>Says how far an upload is.</summary>
    public void Describe(Exchange exchange)
    {
        SayState(exchange, Find(exchange));
        Answers.Empty(exchange.Http, StatusCodes.Status204NoContent);
    }

    /// <summary>Takes a chunk.</summary>
    public async Task AppendAsync(Exchange exchange)
    {
        var upload = Find(exchange);
        using var held = await upload.HoldAsync(exchange.Gone);
        if (!await IsNextAsync(exchange, upload))
        {
            return;
        }

        await AppendAsync(exchange, upload);
        SayState(exchange, upload);
        Answers.Empty(exchange.Http, StatusCodes.Status202Accepted);
    }

    /// <summary>Takes the last chunk, which may be empty, and makes a blob of all.</summary>
    public async Task FinishAsync(Exchange exchange)
    {
        var upload = Find(exchange);
        var digest = exchange.QueryDigest("digest");
        using var held = await upload.HoldAsync(exchange.Gone);
        if (await IsNextAsync(exchange, upload))
        {
            await AppendAsync(exchange, upload);
            await FinishAsync(exchange, upload, digest);
        }
    }

    /// <summary>Throws an upload away.</summary>
    public void Cancel(Exchange exchange)
    {
        store.Uploads.Remove(exchange.Repository, Find(exchange));
        Answers.Empty(exchange.Http, StatusCodes.Status204NoContent);
    }

    private bool TryMount(Exchange exchange, ContentDigest digest)
    {
        // Without a right to read it there, it is as if it was not there.
        var from = exchange.Query("from");
        var source = from is not null
            ? Names.IsRepository(from) && Has(from)
                ? from
                : null
            : store.Repositories.All().FirstOrDefault(Has);
        if (source is null || store.Blobs.SizeOf(digest) is not { } size)
        {
            return false;
        }

        lock (store.Linking)
        {
            store.Blobs.Use(digest);
            store.Repositories.AddBlob(exchange.Repository, digest, size);
        }

        SayBlob(exchange, digest);
        return true;

        bool Has(string repository) => exchange.Rights.Reads(repository) && store.Repositories.SizeOf(repository, digest) is not null;
    }

    private Upload Find(Exchange exchange) =>
        store.Uploads.Find(exchange.Repository, exchange.Reference) ?? throw RefusedException.NoUpload();

    private void RequireRoom(Exchange exchange)
    {
        var coming = exchange.Http.Request.ContentLength ?? 0;
        if (settings.Options.Quota is { } quota && store.Blobs.Bytes + coming > quota)
        {
            new Collector(store, settings.Clock, quota).Run(coming);
            if (store.Blobs.Bytes + coming > quota)
            {
                throw RefusedException.Denied($"the mirror's quota of {quota} bytes is reached; what was pushed is removed by hand alone");
            }
        }
    }

    /// <summary>Compares where a chunk belongs with what is there; says so where it does not fit.</summary>
    private static async Task<bool> IsNextAsync(Exchange exchange, Upload upload)
    {
        if (exchange.Http.Request.Headers.ContentRange is not [{ Length: > 0 } header, ..])
        {
            return true;
        }

        var range = ByteRange.ParseChunk(header);
        if (range is null)
        {
            throw new RefusedException(400, "BLOB_UPLOAD_INVALID", "Content-Range is FIRST-LAST, as in 0-1023");
        }

        if (
            range.Value.First == upload.Length
            && (exchange.Http.Request.ContentLength is not { } length || range.Value.Last - range.Value.First + 1 == length)
        )
        {
            return true;
        }

        SayState(exchange, upload);
        await Answers.RefuseAsync(
            exchange.Http,
            new RefusedException(416, "BLOB_UPLOAD_INVALID", $"the chunk is out of order: {upload.Length} bytes are here")
        );
        return false;
    }

    private async Task AppendAsync(Exchange exchange, Upload upload)
    {
        var before = upload.Length;
        try
        {
            if (!await upload.AppendAsync(exchange.Http.Request.Body, settings.LargestBlob, exchange.Gone))
            {
                store.Uploads.Remove(exchange.Repository, upload);
                throw RefusedException.TooLarge("the blob", settings.LargestBlob);
            }
        }
        catch (IOException failure) when (FullDisk.Is(failure))
        {
            store.Uploads.Remove(exchange.Repository, upload);
            throw new RefusedException(507, "BLOB_UPLOAD_INVALID", "the disk of the mirror is full");
        }
        finally
        {
            counters.Received(upload.Length - before);
        }
    }

    private async Task FinishAsync(Exchange exchange, Upload upload, ContentDigest digest)
    {
        var isRight = await upload.FinishAsync(digest, exchange.Gone);
        if (isRight)
        {
            store.Repositories.AddBlob(exchange.Repository, digest, upload.Length);
        }

        store.Uploads.Remove(exchange.Repository, upload);
        if (!isRight)
        {
            throw new RefusedException(400, "DIGEST_INVALID", $"what was sent is not {digest}");
        }

        SayBlob(exchange, digest);
    }

    private static void SayBlob(Exchange exchange, ContentDigest digest)
    {
        exchange.SayDigest(digest);
        exchange.SayLocation($"blobs/{digest}");
        Answers.Empty(exchange.Http, StatusCodes.Status201Created);
    }

    private static void SayState(Exchange exchange, Upload upload)
    {
        exchange.SayLocation($"blobs/uploads/{upload.Id}");
        exchange.Say("Docker-Upload-UUID", upload.Id);
        exchange.Say("Range", string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, upload.Length - 1)}"));
    }
}
