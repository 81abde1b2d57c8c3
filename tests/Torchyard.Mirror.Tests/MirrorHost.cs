using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Torchyard.Mirror.Serving;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Watching;
using Torchyard.Platform.Files;
using Torchyard.Registry.Credentials;
using Torchyard.Registry.Mirrors;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests;

/// <summary>A mirror of one test: a directory and a port of its own, and a client.</summary>
internal sealed class MirrorHost : IAsyncDisposable
{
    private readonly TemporaryDirectory _home;

    private MirrorHost(MirrorServer server, TemporaryDirectory home)
    {
        (Server, _home) = (server, home);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 100 })
        {
            BaseAddress = server.Address,
            Timeout = TimeSpan.FromMinutes(1),
        };
    }

    public MirrorServer Server { get; }

    public HttpClient Http { get; }

    public ConcurrentQueue<string> Lines { get; private init; } = new();

    public MirrorStore Store => Server.Parts.Store;

    public Counters Counters => Server.Parts.Counters;

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A directory in memory where there is one: a mirror puts each of its files onto the disk, and waits for that.</summary>
    public static TemporaryDirectory Home() => new(Directory.Exists("/dev/shm") ? "/dev/shm" : null);

    /// <summary>Starts one, where everybody may do everything unless a test says otherwise.</summary>
    public static async Task<MirrorHost> StartAsync(
        Func<MirrorOptions, MirrorOptions>? change = null,
        TemporaryDirectory? home = null,
        Func<MirrorSettings, MirrorSettings>? settle = null
    )
    {
        home ??= Home();
        var options = new MirrorOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Root = Path.Combine(home.Path, "mirror"),
            Anonymous = MirrorAccess.Write,
        };
        var lines = new ConcurrentQueue<string>();
        var settings = new MirrorSettings { Options = change?.Invoke(options) ?? options, Log = lines.Enqueue };
        var places = CredentialPlaces.Of(static _ => null, home.Path, BaseDirectories.Of(static _ => null, home.Path), user: 1000);
        var server = await MirrorServer.StartAsync(settle?.Invoke(settings) ?? settings, new KnownLogins(places), null, Cancellation);
        return new MirrorHost(server, home) { Lines = lines };
    }

    /// <summary>The mirror of a registry.</summary>
    public static Task<MirrorHost> OfAsync(FakeRegistry registry, Func<MirrorOptions, MirrorOptions>? change = null) =>
        StartAsync(options =>
        {
            options = options with { Upstreams = [registry.Name], Anonymous = MirrorAccess.Read };
            return change?.Invoke(options) ?? options;
        });

    public static string First(FakeRegistry registry) => Mirror.Requests.Names.OfUpstream(registry.Name);

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        byte[]? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var request = new HttpRequestMessage(method, new Uri(Server.Address, path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
        }

        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
            {
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            }
            else if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, headers);

    public async Task<byte[]> BytesAsync(string path)
    {
        using var response = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsByteArrayAsync(Cancellation);
    }

    /// <summary>Pushes a blob in one request.</summary>
    public async Task<string> PushBlobAsync(string repository, byte[] content)
    {
        var digest = FakeRegistry.DigestOf(content);
        using var response = await SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/?digest={digest}", content);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return digest;
    }

    /// <summary>Pushes an image of one layer.</summary>
    public async Task<string> PushImageAsync(string repository, string tag, byte[] layer)
    {
        var config = "{}"u8.ToArray();
        var manifest = Manifest(
            await PushBlobAsync(repository, config),
            config.Length,
            await PushBlobAsync(repository, layer),
            layer.Length
        );
        using var response = await PutManifestAsync(repository, tag, manifest);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return FakeRegistry.DigestOf(Encoding.UTF8.GetBytes(manifest));
    }

    public Task<HttpResponseMessage> PutManifestAsync(
        string repository,
        string reference,
        string manifest,
        string type = RegistryImage.Manifest
    ) => SendAsync(HttpMethod.Put, $"/v2/{repository}/manifests/{reference}", Encoding.UTF8.GetBytes(manifest), ("Content-Type", type));

    public static string Manifest(string config, int configSize, string layer, int layerSize, string more = "") =>
        $$"""{"schemaVersion":2,"mediaType":"{{RegistryImage.Manifest}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{config}}","size":{{configSize}}},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{layer}}","size":{{layerSize}}}]{{more}}}""";

    public static byte[] Random(int length, int seed = 1)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        _home.Dispose();
    }
}
