using Microsoft.AspNetCore.Http;
using Torchyard.Mirror.Access;
using Torchyard.Mirror.Requests;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Upstreams;

namespace Torchyard.Mirror.Serving;

/// <summary>One request to the registry: what is asked, by whom, of which repository.</summary>
internal sealed record Exchange
{
    /// <summary>Request and answer.</summary>
    public required HttpContext Http { get; init; }

    /// <summary>What is asked for.</summary>
    public required RegistryPath Path { get; init; }

    /// <summary>The repository's name here; empty where the request is for none.</summary>
    public required string Repository { get; init; }

    /// <summary>Where the repository is a copy from; null for one of this registry's own.</summary>
    public required UpstreamRepository? Upstream { get; init; }

    /// <summary>What may be done.</summary>
    public required Rights Rights { get; init; }

    /// <summary>Tag, digest or id.</summary>
    public string Reference => Path.Reference;

    /// <summary>Ends when the client goes.</summary>
    public CancellationToken Gone => Http.RequestAborted;

    /// <summary>Address of the client.</summary>
    public string? Client => Http.Connection.RemoteIpAddress?.ToString();

    /// <summary>A word of the query; null for none.</summary>
    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) ? values[0] : null;

    /// <summary>The digest of the path.</summary>
    /// <exception cref="RefusedException">It is none.</exception>
    public ContentDigest Digest() =>
        ContentDigest.TryParse(Reference, out var digest) ? digest : throw RefusedException.BadDigest(Reference);

    /// <summary>A digest that the query must have.</summary>
    /// <exception cref="RefusedException">It has none.</exception>
    public ContentDigest QueryDigest(string name) =>
        ContentDigest.TryParse(Query(name), out var digest) ? digest : throw RefusedException.BadDigest(Query(name) ?? "");

    /// <summary>Sets a header.</summary>
    public void Say(string name, string value) => Http.Response.Headers[name] = value;

    /// <summary>Sets what a digest of content is called in.</summary>
    public void SayDigest(ContentDigest digest) => Say("Docker-Content-Digest", digest.ToString());

    /// <summary>Sets the address of something of this repository, which is a path.</summary>
    public void SayLocation(string below) => Say("Location", $"/v2/{Repository}/{below}");
}
