using System.Text;
using Microsoft.AspNetCore.Http;
using Torchyard.Mirror.Requests;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Upstreams;
using Torchyard.Platform.Errors;

namespace Torchyard.Mirror.Serving;

/// <summary>Manifests (distribution-spec, "Pulling manifests", "Pushing Manifests", "Deleting Manifests", "Deleting tags").</summary>
internal sealed class ManifestAnswers(MirrorStore store, UpstreamManifests upstreams, bool isReadOnly)
{
    private static readonly string[] KnownTypes =
    [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.artifact.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ];

    /// <summary>Sends a manifest.</summary>
    public async Task SendAsync(Exchange exchange)
    {
        var digest = await FindAsync(exchange);
        var type = store.Repositories.TypeOf(exchange.Repository, digest);
        var content = type is null ? null : store.Blobs.TryRead(digest, ManifestContent.MostBytes);
        if (type is null || content is null)
        {
            throw RefusedException.NoManifest(exchange.Reference);
        }

        store.Blobs.Use(digest);
        exchange.SayDigest(digest);
        exchange.Say("ETag", $"\"{digest}\"");
        if (exchange.Http.Request.Headers.IfNoneMatch.ToString().Contains($"\"{digest}\"", StringComparison.Ordinal))
        {
            exchange.Http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await Answers.SendAsync(exchange.Http, StatusCodes.Status200OK, content, type);
    }

    /// <summary>Takes a manifest whose blobs are there.</summary>
    public async Task TakeAsync(Exchange exchange)
    {
        var isDigest = ContentDigest.TryParse(exchange.Reference, out var named);
        var tags = isDigest ? TagsOf(exchange) : [RequireTag(exchange.Reference)];
        var body = await BodyAsync(exchange);
        var digest = ContentDigest.Of(body, isDigest && named.IsLong);
        if (isDigest && digest != named)
        {
            throw new RefusedException(400, "DIGEST_INVALID", $"the manifest has {digest}, not {named}");
        }

        var (content, problem) = ManifestContent.Read(body);
        if (content is null)
        {
            throw new RefusedException(400, "MANIFEST_INVALID", problem!);
        }

        var type = TypeOf(exchange, content);
        lock (store.Linking)
        {
            RequireBlobs(exchange.Repository, content);
            store.AddManifest(exchange.Repository, body, digest, type, content);
            foreach (var tag in tags)
            {
                store.Repositories.SetTag(exchange.Repository, tag, digest);
            }
        }

        exchange.SayDigest(digest);
        exchange.SayLocation($"manifests/{digest}");
        if (content.Subject is { } subject)
        {
            exchange.Say("OCI-Subject", subject.ToString());
        }

        if (isDigest && tags.Count > 0)
        {
            exchange.Http.Response.Headers["OCI-Tag"] = tags.ToArray();
        }

        Answers.Empty(exchange.Http, StatusCodes.Status201Created);
    }

    /// <summary>Removes a manifest, or a tag alone.</summary>
    public void Remove(Exchange exchange)
    {
        bool was;
        lock (store.Linking)
        {
            was = ContentDigest.TryParse(exchange.Reference, out var digest)
                ? store.RemoveManifest(exchange.Repository, digest)
                : store.Repositories.RemoveTag(exchange.Repository, RequireTag(exchange.Reference));
        }

        if (!was)
        {
            throw RefusedException.NoManifest(exchange.Reference);
        }

        Answers.Empty(exchange.Http, StatusCodes.Status202Accepted);
    }

    private async Task<ContentDigest> FindAsync(Exchange exchange)
    {
        try
        {
            if (ContentDigest.TryParse(exchange.Reference, out var digest))
            {
                if (exchange.Upstream is { } source && !isReadOnly)
                {
                    await upstreams.FetchAsync(source, digest, exchange.Gone);
                }

                return digest;
            }

            if (exchange.Reference.Contains(':', StringComparison.Ordinal))
            {
                throw RefusedException.BadDigest(exchange.Reference);
            }

            var tag = Names.IsTag(exchange.Reference) ? exchange.Reference : throw RefusedException.NoManifest(exchange.Reference);
            if (exchange.Upstream is not { } upstream || isReadOnly)
            {
                return store.Repositories.TagOf(exchange.Repository, tag)?.Digest ?? throw RefusedException.NoManifest(tag);
            }

            var found = await upstreams.OfTagAsync(upstream, tag, exchange.Gone);
            if (found.IsStale)
            {
                // RFC 7234, section 5.5.1.
                exchange.Say("Warning", "110 - \"Response is Stale\"");
            }

            return found.Digest;
        }
        catch (TorchyardException failure)
        {
            throw UpstreamRefusal.Of(failure, "MANIFEST_UNKNOWN");
        }
    }

    private static List<string> TagsOf(Exchange exchange) =>
        [.. exchange.Http.Request.Query["tag"].Where(tag => tag is not null).Select(tag => RequireTag(tag!)).Distinct().Take(100)];

    private static string RequireTag(string text) =>
        Names.IsTag(text) ? text
        : text.Contains(':', StringComparison.Ordinal) ? throw RefusedException.BadDigest(text)
        : throw new RefusedException(400, "MANIFEST_INVALID", "a tag has letters, digits, '_', '.' and '-', and 128 of them at most");

    private static async Task<byte[]> BodyAsync(Exchange exchange)
    {
        using var body = new MemoryStream();
        var buffer = new byte[32 << 10];
        int read;
        while ((read = await exchange.Http.Request.Body.ReadAsync(buffer, exchange.Gone)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > ManifestContent.MostBytes)
            {
                throw RefusedException.TooLarge("the manifest", ManifestContent.MostBytes);
            }
        }

        return body.ToArray();
    }

    private static string TypeOf(Exchange exchange, ManifestContent content)
    {
        var sent = exchange.Http.Request.ContentType?.Split(';')[0].Trim();
        var type = sent is null or { Length: 0 } ? content.MediaType : sent;
        if (type is null || !KnownTypes.Contains(type))
        {
            var shown = Encoding.ASCII.GetString(Encoding.ASCII.GetBytes(type ?? "nothing"));
            throw new RefusedException(400, "MANIFEST_INVALID", $"it is sent as {shown}, which is not a manifest's media type");
        }

        return content.MediaType is null || content.MediaType == type
            ? type
            : throw new RefusedException(400, "MANIFEST_INVALID", $"it is sent as {type}, and says that it is {content.MediaType}");
    }

    private void RequireBlobs(string repository, ManifestContent content)
    {
        var missing = new List<string>();
        foreach (var link in content.Blobs.Where(link => !link.IsElsewhere))
        {
            if (store.Repositories.SizeOf(repository, link.Digest) is null || store.Blobs.SizeOf(link.Digest) is not { } size)
            {
                missing.Add(link.Digest.ToString());
            }
            else if (size != link.Size)
            {
                throw new RefusedException(400, "SIZE_INVALID", $"{link.Digest} has {size} bytes, and the manifest says {link.Size}");
            }
            else
            {
                store.Blobs.Use(link.Digest);
            }
        }

        if (missing.Count > 0)
        {
            throw new RefusedException(404, "MANIFEST_BLOB_UNKNOWN", $"the repository does not have {missing[0]}") { Digests = missing };
        }
    }
}
