using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Torchyard.Mirror.Store;

namespace Torchyard.Mirror.Serving;

/// <summary>Lists: tags, repositories, referrers (distribution-spec, "Listing Tags", "Listing Referrers").</summary>
internal sealed class ListAnswers(MirrorStore store)
{
    private const int MostEntries = 10_000;
    private const string Index = "application/vnd.oci.image.index.v1+json";

    /// <summary>Tags of a repository.</summary>
    public Task TagsAsync(Exchange exchange)
    {
        if (!store.Repositories.Exists(exchange.Repository))
        {
            throw RefusedException.NoRepository(exchange.Repository);
        }

        var (page, more) = Page(exchange, store.Repositories.TagsOf(exchange.Repository));
        SayNext(exchange, $"/v2/{exchange.Repository}/tags/list", page, more);
        return Answers.SendAsync(
            exchange.Http,
            StatusCodes.Status200OK,
            Answers.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("name", exchange.Repository);
                WriteList(json, "tags", page);
                json.WriteEndObject();
            }),
            Answers.Json
        );
    }

    /// <summary>Repositories that the caller may pull from.</summary>
    public Task CatalogAsync(Exchange exchange)
    {
        var (page, more) = Page(exchange, [.. store.Repositories.All().Where(exchange.Rights.Reads)]);
        SayNext(exchange, "/v2/_catalog", page, more);
        return Answers.SendAsync(
            exchange.Http,
            StatusCodes.Status200OK,
            Answers.Write(json =>
            {
                json.WriteStartObject();
                WriteList(json, "repositories", page);
                json.WriteEndObject();
            }),
            Answers.Json
        );
    }

    /// <summary>Manifests that belong to another.</summary>
    public Task ReferrersAsync(Exchange exchange)
    {
        var subject = exchange.Digest();
        var filter = exchange.Query("artifactType");
        if (filter is not null)
        {
            exchange.Say("OCI-Filters-Applied", "artifactType");
        }

        return Answers.SendAsync(
            exchange.Http,
            StatusCodes.Status200OK,
            Answers.Write(json =>
            {
                json.WriteStartObject();
                json.WriteNumber("schemaVersion", 2);
                json.WriteString("mediaType", Index);
                json.WriteStartArray("manifests");
                foreach (var digest in store.Repositories.ReferrersOf(exchange.Repository, subject).OrderBy(digest => digest.FileName))
                {
                    WriteReferrer(json, exchange.Repository, digest, filter);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }),
            Index
        );
    }

    private void WriteReferrer(Utf8JsonWriter json, string repository, ContentDigest digest, string? filter)
    {
        if (
            store.Repositories.TypeOf(repository, digest) is not { } type
            || store.Blobs.TryRead(digest, ManifestContent.MostBytes) is not { } content
            || ManifestContent.Read(content).Content is not { } read
            || (filter is not null && read.ArtifactType != filter)
        )
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("mediaType", type);
        json.WriteString("digest", digest.ToString());
        json.WriteNumber("size", content.Length);
        if (read.ArtifactType is { } artifact)
        {
            json.WriteString("artifactType", artifact);
        }

        if (read.Annotations is { } annotations)
        {
            json.WritePropertyName("annotations");
            json.WriteRawValue(annotations);
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> entries)
    {
        json.WriteStartArray(name);
        foreach (var entry in entries)
        {
            json.WriteStringValue(entry);
        }

        json.WriteEndArray();
    }

    private static (IReadOnlyList<string> Page, bool More) Page(Exchange exchange, IReadOnlyList<string> all)
    {
        var most = MostEntries;
        if (exchange.Query("n") is { } text)
        {
            most = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)
                ? Math.Min(wanted, MostEntries)
                : throw new RefusedException(400, "PAGINATION_NUMBER_INVALID", "n is a number");
        }

        var last = exchange.Query("last");
        var rest = all.Where(entry => last is null || string.CompareOrdinal(entry, last) > 0);
        var page = rest.Take(most + 1).ToList();
        return (page.Count > most ? page[..most] : page, most > 0 && page.Count > most);
    }

    private static void SayNext(Exchange exchange, string path, IReadOnlyList<string> page, bool more)
    {
        if (more)
        {
            exchange.Say("Link", $"<{path}?n={page.Count}&last={Uri.EscapeDataString(page[^1])}>; rel=\"next\"");
        }
    }
}
