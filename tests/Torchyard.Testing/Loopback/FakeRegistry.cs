using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Torchyard.Testing.Loopback;

/// <summary>
/// A registry on loopback (distribution-spec 1.1: pull and push) that does wrong what a test tells it to. Another registry that serves the
/// same content is made by giving it the same dictionaries.
/// </summary>
public sealed class FakeRegistry : IDisposable
{
    private readonly HttpListener _listener;
    private readonly HttpListener _blobs;
    private readonly Uri _root;
    private readonly Uri _blobRoot;
    private readonly ConcurrentDictionary<string, int> _tokens = new();
    private readonly ConcurrentDictionary<string, MemoryStream> _uploads = new();
    private readonly ConcurrentDictionary<string, bool> _linked = new();
    private int _cuts;
    private int _ended;
    private int _refused;

    public FakeRegistry(RegistryQuirks? quirks = null)
    {
        Quirks = quirks ?? new RegistryQuirks();
        _listener = LoopbackListener.Start(out _root);
        _blobs = LoopbackListener.Start(out _blobRoot);
        _ = ServeAsync(_listener, AnswerAsync);
        _ = ServeAsync(_blobs, AnswerBlobHostAsync);
    }

    /// <summary>How it behaves; may change between requests.</summary>
    public RegistryQuirks Quirks { get; set; }

    /// <summary>Its name: <c>127.0.0.1:PORT</c>.</summary>
    public string Name => _root.Authority;

    /// <summary>Blobs by digest, of all repositories.</summary>
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <summary>Manifests by <c>REPOSITORY:TAG</c> and <c>REPOSITORY@DIGEST</c>.</summary>
    public ConcurrentDictionary<string, (string Type, byte[] Content)> Manifests { get; } = new();

    /// <summary>Requests in order: <c>METHOD PATH</c>, with <c>AUTHORIZATION</c> and <c>RANGE</c> where there were some.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Requests of the host that has the blobs.</summary>
    public ConcurrentQueue<string> BlobRequests { get; } = new();

    /// <summary>Digest of bytes.</summary>
    public static string DigestOf(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Puts a blob there.</summary>
    public string AddBlob(byte[] content)
    {
        Blobs[DigestOf(content)] = content;
        return DigestOf(content);
    }

    /// <summary>Puts a manifest there.</summary>
    public string AddManifest(string repository, string tag, string type, string content) =>
        AddManifest(repository, tag, type, Encoding.UTF8.GetBytes(content));

    public void Dispose()
    {
        ((IDisposable)_listener).Dispose();
        ((IDisposable)_blobs).Dispose();
    }

    private string AddManifest(string repository, string tag, string type, byte[] content)
    {
        var digest = DigestOf(content);
        Manifests[$"{repository}:{tag}"] = (type, content);
        Manifests[$"{repository}@{digest}"] = (type, content);
        return digest;
    }

    private static async Task ServeAsync(HttpListener listener, Func<HttpListenerContext, Task> answer)
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                _ = AnswerOneAsync(context, answer);
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // The test ended.
        }
    }

    private static async Task AnswerOneAsync(HttpListenerContext context, Func<HttpListenerContext, Task> answer)
    {
        try
        {
            await answer(context);
            context.Response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // The client went away, or the answer was cut on purpose.
        }
    }

    private async Task AnswerBlobHostAsync(HttpListenerContext context)
    {
        BlobRequests.Enqueue(Described(context));
        if (Interlocked.Increment(ref _ended) <= Quirks.EndedLinks)
        {
            await SendAsync(context, 403, "<Error><Code>AccessDenied</Code></Error>"u8.ToArray(), "application/xml");
            return;
        }

        await SendBlobAsync(context, context.Request.Url!.AbsolutePath[1..]);
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var path = context.Request.Url!.AbsolutePath;
        Requests.Enqueue(Described(context));
        if (path == "/token")
        {
            await GiveTokenAsync(context);
        }
        else if (Quirks.Page is { } page)
        {
            await SendAsync(context, 200, Encoding.UTF8.GetBytes(page), "text/html");
        }
        else if (!IsAllowed(context))
        {
            context.Response.AddHeader(
                "WWW-Authenticate",
                Quirks.Basic is not null
                    ? "BASIC realm=\"here, there\""
                    : $"Bearer realm=\"{Realm(context)}\"{(Quirks.NamesNoService ? "" : ",service=\"fake, registry\"")}"
            );
            await SendAsync(context, 401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"authentication required\"}]}"u8.ToArray());
        }
        else if (path != "/v2/" && Interlocked.Increment(ref _refused) <= Quirks.TooMany)
        {
            context.Response.AddHeader("Retry-After", Quirks.Wait.ToString(CultureInfo.InvariantCulture));
            await SendAsync(context, 429, []);
        }
        else
        {
            await AnswerAllowedAsync(context, path);
        }
    }

    private string Realm(HttpListenerContext context) =>
        (context.Request.Headers["Authorization"] is null ? null : Quirks.LaterRealm)
        ?? Quirks.Realm
        ?? new Uri(_root, "/token").AbsoluteUri;

    private async Task AnswerAllowedAsync(HttpListenerContext context, string path)
    {
        string[] kinds = ["/manifests/", "/blobs/uploads/", "/blobs/", "/referrers/"];
        var kind = Array.Find(kinds, one => path.Contains(one, StringComparison.Ordinal));
        if (path == "/v2/" || kind is null)
        {
            await SendAsync(context, path == "/v2/" ? 200 : 404, "{}"u8.ToArray());
            return;
        }

        var at = path.IndexOf(kind, StringComparison.Ordinal);
        var (repository, name) = (path["/v2/".Length..at], path[(at + kind.Length)..]);
        await (
            kind switch
            {
                "/manifests/" when context.Request.HttpMethod == "PUT" => TakeManifestAsync(context, repository, name),
                "/manifests/" => SendManifestAsync(context, repository, name),
                "/referrers/" => SendReferrersAsync(context, repository, name),
                "/blobs/uploads/" => TakeBlobAsync(context, repository, name),
                _ when context.Request.HttpMethod == "HEAD" && Quirks.Mounts && !_linked.ContainsKey($"{repository}@{name}") => SendAsync(
                    context,
                    404,
                    []
                ),
                _ => SendOrRedirectAsync(context, name),
            }
        );
    }

    private async Task SendManifestAsync(HttpListenerContext context, string repository, string name)
    {
        if (!Manifests.TryGetValue(repository + (name.Contains(':', StringComparison.Ordinal) ? "@" : ":") + name, out var found))
        {
            await SendAsync(context, 404, "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\"}]}"u8.ToArray());
            return;
        }

        if (!Quirks.SaysNoDigests)
        {
            context.Response.AddHeader("Docker-Content-Digest", DigestOf(found.Content));
        }

        await SendAsync(context, 200, Quirks.Alters?.Invoke("manifest", found.Content) ?? found.Content, found.Type);
    }

    private async Task TakeManifestAsync(HttpListenerContext context, string repository, string name)
    {
        var body = await BodyAsync(context);
        var digest = AddManifest(repository, name, context.Request.ContentType!, body);
        if (Quirks.ReferrersStatus == 200 && SubjectOf(body) is { } subject)
        {
            context.Response.AddHeader("OCI-Subject", subject);
        }

        context.Response.AddHeader("Docker-Content-Digest", digest);
        await SendAsync(context, 201, []);
    }

    private async Task SendReferrersAsync(HttpListenerContext context, string repository, string subject)
    {
        if (Quirks.ReferrersStatus != 200)
        {
            await SendAsync(
                context,
                Quirks.ReferrersStatus,
                Encoding.UTF8.GetBytes(Quirks.ReferrersStatus == 401 ? "" : "{\"errors\":[]}")
            );
            return;
        }

        var entries = Manifests
            .Where(one => one.Key.StartsWith(repository + "@", StringComparison.Ordinal) && SubjectOf(one.Value.Content) == subject)
            .Select(one => Entry(one.Value.Type, one.Value.Content));
        await SendAsync(
            context,
            200,
            Encoding.UTF8.GetBytes(
                $$"""{"schemaVersion":2,"mediaType":"{{RegistryImage.Index}}","manifests":[{{string.Join(',', entries)}}]}"""
            ),
            RegistryImage.Index
        );

        static string Entry(string type, byte[] content)
        {
            using var document = JsonDocument.Parse(content);
            var kind = document.RootElement.TryGetProperty("artifactType", out var said) ? said.GetString() : "";
            return $$"""{"mediaType":"{{type}}","digest":"{{DigestOf(content)}}","size":{{content.Length}},"artifactType":"{{kind}}"}""";
        }
    }

    private static string? SubjectOf(byte[] manifest)
    {
        using var document = JsonDocument.Parse(manifest);
        return document.RootElement.TryGetProperty("subject", out var subject) ? subject.GetProperty("digest").GetString() : null;
    }

    private async Task SendOrRedirectAsync(HttpListenerContext context, string digest)
    {
        if (Quirks.RedirectsBlobs && context.Request.HttpMethod == "GET")
        {
            context.Response.RedirectLocation = new Uri(_blobRoot, $"/{digest}?signature=a%2Fb").AbsoluteUri;
            await SendAsync(context, 307, []);
            return;
        }

        await SendBlobAsync(context, digest);
    }

    private async Task SendBlobAsync(HttpListenerContext context, string digest)
    {
        if (!Blobs.TryGetValue(digest, out var content))
        {
            await SendAsync(context, 404, []);
            return;
        }

        content = Quirks.Alters?.Invoke("blob", content) ?? content;
        var status = 200;
        if (context.Request.Headers["Range"] is { } range && !Quirks.IgnoresRanges)
        {
            var ends = range["bytes=".Length..].Split('-');
            var from = long.Parse(ends[0], CultureInfo.InvariantCulture);
            var last =
                ends[1].Length > 0 ? Math.Min(long.Parse(ends[1], CultureInfo.InvariantCulture), content.Length - 1) : content.Length - 1;
            context.Response.AddHeader("Content-Range", $"bytes {from}-{last}/{content.Length}");
            (content, status) = (content[(int)from..(int)(last + 1)], 206);
        }

        if (context.Request.HttpMethod == "GET" && Interlocked.Increment(ref _cuts) <= Quirks.Cuts)
        {
            context.Response.StatusCode = status;
            context.Response.ContentLength64 = content.Length;
            await context.Response.OutputStream.WriteAsync(content.AsMemory(0, content.Length / 2));
            await context.Response.OutputStream.FlushAsync();
            context.Response.Abort();
            return;
        }

        await SendAsync(context, status, content, "application/octet-stream");
    }

    private async Task TakeBlobAsync(HttpListenerContext context, string repository, string id)
    {
        var body = await BodyAsync(context);
        if (body.Length > Quirks.LargestBody)
        {
            await SendAsync(context, 413, []);
            return;
        }

        if (context.Request.HttpMethod == "DELETE")
        {
            await SendAsync(context, _uploads.TryRemove(id, out _) ? 204 : 404, []);
            return;
        }

        if (
            context.Request.HttpMethod == "POST"
            && Quirks.Mounts
            && context.Request.QueryString["mount"] is { } mounted
            && context.Request.QueryString["from"] is { Length: > 0 }
        )
        {
            _linked[$"{repository}@{mounted}"] = true;
            await SendAsync(context, 201, []);
            return;
        }

        if (context.Request.HttpMethod == "POST")
        {
            id = Guid.NewGuid().ToString("N");
            _uploads[id] = new MemoryStream();
            SayWhere(context, repository, id);
            await SendAsync(context, 202, []);
            return;
        }

        var query = context.Request.Url!.Query;
        if (!_uploads.TryGetValue(id, out var upload) || !query.Contains("state=a%2Fb", StringComparison.Ordinal))
        {
            await SendAsync(context, 404, []);
            return;
        }

        upload.Write(body);
        if (context.Request.HttpMethod == "PATCH")
        {
            if (context.Request.Headers["Content-Range"] is not { } range || range.Contains("bytes", StringComparison.Ordinal))
            {
                await SendAsync(context, 416, []);
                return;
            }

            SayWhere(context, repository, id);
            await SendAsync(context, Quirks.PartStatus, []);
            return;
        }

        var digest = DigestOf(upload.ToArray());
        var named = Uri.UnescapeDataString(query[(query.IndexOf("digest=", StringComparison.Ordinal) + "digest=".Length)..]);
        if (digest == named)
        {
            Blobs[digest] = upload.ToArray();
        }

        await SendAsync(context, digest == named ? 201 : 400, []);
    }

    private void SayWhere(HttpListenerContext context, string repository, string id)
    {
        var path = $"/v2/{repository}/blobs/uploads/{id}?state=a%2Fb";
        context.Response.AddHeader("Location", Quirks.RelativeUploads ? path : _root.GetLeftPart(UriPartial.Authority) + path);
    }

    private async Task GiveTokenAsync(HttpListenerContext context)
    {
        var (user, password) = Quirks.Bearer ?? ("", "");
        if (user.Length > 0 && context.Request.Headers["Authorization"] != Basic(user, password))
        {
            await SendAsync(context, 401, []);
            return;
        }

        var token = Guid.NewGuid().ToString("N");
        _tokens[token] = Quirks.TokenUses;
        await SendAsync(context, 200, Encoding.UTF8.GetBytes($"{{\"token\":\"{token}\",\"expires_in\":300}}"));
    }

    private bool IsAllowed(HttpListenerContext context)
    {
        var sent = context.Request.Headers["Authorization"];
        return Quirks.Basic is var (user, password)
            ? sent == Basic(user, password)
            : Quirks.Bearer is null
                || (
                    sent?.StartsWith("Bearer ", StringComparison.Ordinal) == true
                    && _tokens.AddOrUpdate(sent["Bearer ".Length..], -1, (_, left) => left - 1) >= 0
                );
    }

    private static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static string Described(HttpListenerContext context) =>
        string.Join(
            ' ',
            new[]
            {
                context.Request.HttpMethod,
                context.Request.Url!.PathAndQuery,
                context.Request.Headers["Authorization"],
                context.Request.Headers["Range"],
            }.Where(part => part is not null)
        );

    private static async Task<byte[]> BodyAsync(HttpListenerContext context)
    {
        using var content = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(content);
        return content.ToArray();
    }

    private async Task SendAsync(HttpListenerContext context, int status, byte[] body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        if (Quirks.Compresses)
        {
            context.Response.AddHeader("Set-Cookie", "session=1; Path=/");
            if (context.Request.Headers["Accept-Encoding"] != "identity" || context.Request.Headers["Cookie"] is not null)
            {
                body = [.. body.Reverse()];
            }
        }

        if (Quirks.SaysNoLengths && context.Request.HttpMethod != "HEAD")
        {
            context.Response.SendChunked = true;
        }
        else
        {
            context.Response.ContentLength64 = body.Length;
        }

        if (context.Request.HttpMethod != "HEAD" && body.Length > 0)
        {
            await context.Response.OutputStream.WriteAsync(body);
        }
    }
}
