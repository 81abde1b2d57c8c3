using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;
using Torchyard.Registry.Pulling;

namespace Torchyard.Registry.Pushing;

/// <summary>
/// Sends blobs to a repository: not those that are there, the others whole in one request, in parts where a registry, or a proxy before it,
/// takes no large ones.
/// </summary>
/// <param name="connection">The registry.</param>
/// <param name="repository">The repository.</param>
/// <param name="open">Opens a blob from some byte on.</param>
internal sealed class BlobUpload(RegistryConnection connection, string repository, Func<OciDescriptor, long, Stream> open)
{
    /// <summary>Sends blobs of the store.</summary>
    public BlobUpload(RegistryConnection connection, string repository, OciLayout layout)
        : this(connection, repository, (blob, from) => Open(layout, blob, from)) { }

    /// <summary>True when the registry has a blob in this repository.</summary>
    public async Task<bool> IsThereAsync(OciDescriptor blob, CancellationToken cancellation)
    {
        var what = BlobSource.Named(blob);
        using var response = await connection.SendAsync(
            Request(HttpMethod.Head, connection.At(repository, $"blobs/{blob.Digest}"), what),
            cancellation
        );
        return response.StatusCode switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.NotFound => false,
            // Storage behind some registries knows no HEAD: it is sent then, which the registry may find unneeded.
            HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed => false,
            _ => throw await RegistryRefusal.OfAsync(connection, response, what, cancellation),
        };
    }

    /// <summary>
    /// Has the registry take a blob from another repository (distribution-spec, "Mounting a blob from another repository"). A registry that
    /// gives no token for that one, or wants the bytes themselves, says no, and the blob is sent.
    /// </summary>
    /// <param name="blob">The blob.</param>
    /// <param name="from">The repository that has it.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<bool> MountAsync(OciDescriptor blob, string from, CancellationToken cancellation)
    {
        var what = $"{BlobSource.Named(blob)} of {from}";
        var address = connection.At(repository, $"blobs/uploads/?mount={blob.Digest}&from={Uri.EscapeDataString(from)}");
        var request = Request(HttpMethod.Post, address, what) with
        {
            Scopes = [.. RegistryRequest.Push(repository), .. RegistryRequest.Pull(from)],
            Content = static () => new ByteArrayContent([]),
        };
        try
        {
            using var response = await connection.SendAsync(request, cancellation);
            if (response.StatusCode == HttpStatusCode.Accepted)
            {
                await CancelAsync(response, address, what, cancellation);
            }

            return response.StatusCode == HttpStatusCode.Created;
        }
        catch (TorchyardException failure) when (failure.Code is RegistryCodes.Denied or RegistryCodes.NotFound)
        {
            // moby/buildkit#2454: a token for both is refused by some, and the upload would be allowed.
            return false;
        }
    }

    // The upload that was begun in place of the mount; a registry that keeps it forgets it by itself.
    private async Task CancelAsync(HttpResponseMessage response, Uri asked, string what, CancellationToken cancellation)
    {
        try
        {
            var place = UploadLocation.Of(connection, response, asked, what);
            using var _ = await connection.SendOnceAsync(Request(HttpMethod.Delete, place, what), cancellation);
        }
        catch (Exception failure) when (failure is HttpFailureException or TorchyardException)
        {
            // It is there until the registry clears it away.
        }
    }

    /// <summary>Sends a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="progress">Told of what was sent; taken back where it has to be sent again.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY3009: the store lacks it; TY6003 to TY6008: the registry does not take it.</exception>
    public async Task SendAsync(OciDescriptor blob, IProgressTask progress, CancellationToken cancellation)
    {
        var what = $"{BlobSource.Named(blob)} of an upload";
        for (var attempt = 1; ; attempt++)
        {
            var count = new ByteCount(progress);
            try
            {
                var place = await BeginAsync(what, cancellation);
                if (!await SendWholeAsync(blob, place, count, what, cancellation))
                {
                    count.Set(0);
                    await SendPartsAsync(blob, await BeginAsync(what, cancellation), count, what, cancellation);
                }

                return;
            }
            catch (HttpFailureException failure)
            {
                count.Set(0);
                if (!connection.Settings.Retry.IsWorthAnother(attempt, failure))
                {
                    throw RegistryRefusal.Of(connection, failure, what);
                }

                await connection.PauseAsync(attempt, failure, cancellation);
            }
        }
    }

    private async Task<Uri> BeginAsync(string what, CancellationToken cancellation)
    {
        var address = connection.At(repository, "blobs/uploads/");
        using var response = await connection.SendAsync(
            Request(HttpMethod.Post, address, what) with
            {
                Content = static () => new ByteArrayContent([]),
            },
            cancellation
        );
        return response.StatusCode is HttpStatusCode.Accepted
            ? UploadLocation.Of(connection, response, address, what)
            : throw await RegistryRefusal.OfAsync(connection, response, what, cancellation);
    }

    /// <summary>False when the registry does not take so much at once.</summary>
    private async Task<bool> SendWholeAsync(OciDescriptor blob, Uri place, ByteCount count, string what, CancellationToken cancellation)
    {
        using var response = await connection.SendOnceAsync(
            Request(HttpMethod.Put, UploadLocation.With(place, blob.Digest), what) with
            {
                Content = () => ContentOf(blob, 0, blob.Size, count),
            },
            cancellation
        );
        return response.StatusCode switch
        {
            HttpStatusCode.Created or HttpStatusCode.NoContent or HttpStatusCode.Accepted or HttpStatusCode.OK => true,
            HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.LengthRequired or HttpStatusCode.NotImplemented => false,
            _ => throw await RegistryRefusal.OfAsync(connection, response, what, cancellation),
        };
    }

    private async Task SendPartsAsync(OciDescriptor blob, Uri place, ByteCount count, string what, CancellationToken cancellation)
    {
        long sent = 0;
        while (sent < blob.Size)
        {
            var (from, length) = (sent, Math.Min(connection.Settings.SentPartSize, blob.Size - sent));
            using var part = await connection.SendOnceAsync(
                Request(HttpMethod.Patch, place, what) with
                {
                    Content = () => ContentOf(blob, from, length, count),
                },
                cancellation
            );
            if (part.StatusCode is not (HttpStatusCode.Accepted or HttpStatusCode.Created or HttpStatusCode.NoContent))
            {
                throw await RegistryRefusal.OfAsync(connection, part, what, cancellation);
            }

            place = UploadLocation.Of(connection, part, place, what);
            sent += length;
        }

        using var end = await connection.SendOnceAsync(
            Request(HttpMethod.Put, UploadLocation.With(place, blob.Digest), what) with
            {
                Content = static () => new ByteArrayContent([]),
            },
            cancellation
        );
        if (!end.IsSuccessStatusCode)
        {
            throw await RegistryRefusal.OfAsync(connection, end, what, cancellation);
        }
    }

    private SentContent ContentOf(OciDescriptor blob, long from, long length, ByteCount count)
    {
        count.Set(from);
        var content = new SentContent(() => open(blob, from), length, count.Add);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (length != blob.Size)
        {
            // Without a unit, as the specification has it and some insist on.
            content.Headers.TryAddWithoutValidation(
                "Content-Range",
                string.Create(CultureInfo.InvariantCulture, $"{from}-{from + length - 1}")
            );
        }

        return content;
    }

    private static FileStream Open(OciLayout layout, OciDescriptor blob, long from)
    {
        var file = RegularFile.TryOpen(layout.BlobPath(blob.Digest)) ?? throw ImageErrors.MissingBlob(blob.Digest.ToString());
        file.Seek(from, SeekOrigin.Begin);
        return file;
    }

    private RegistryRequest Request(HttpMethod method, Uri address, string what) =>
        new(method, address, what) { Scopes = RegistryRequest.Push(repository) };
}
