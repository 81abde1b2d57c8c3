using System.Net;
using System.Net.Sockets;
using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Mirrors;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Attacks;

/// <summary>Those who ask for more than they may have; each test is named after the attack.</summary>
public sealed class StrangerTests
{
    [Fact]
    public async Task A_client_without_a_token_pulls_and_pushes_nothing()
    {
        await using var mirror = await WithTokensAsync(MirrorAccess.None);
        foreach (var path in new[] { "/v2/", "/v2/_catalog", "/v2/a/tags/list", "/v2/a/manifests/1", "/", "/metrics" })
        {
            using var response = await mirror.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.StartsWith("Basic ", response.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
        }

        using var push = await mirror.SendAsync(HttpMethod.Post, "/v2/a/blobs/uploads/", []);
        Assert.Equal(HttpStatusCode.Unauthorized, push.StatusCode);
    }

    [Fact]
    public async Task A_client_with_a_read_token_does_not_push_or_delete()
    {
        var (mirror, read, write) = await TokensAsync();
        await using var _ = mirror;
        using var begun = await mirror.SendAsync(HttpMethod.Post, "/v2/a/blobs/uploads/", [], ("Authorization", "Bearer " + write));
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);

        foreach (
            var (method, path) in new[]
            {
                (HttpMethod.Post, "/v2/a/blobs/uploads/"),
                (HttpMethod.Get, begun.Headers.Location!.OriginalString),
                (HttpMethod.Patch, begun.Headers.Location.OriginalString),
                (HttpMethod.Put, "/v2/a/manifests/1"),
                (HttpMethod.Delete, "/v2/a/manifests/1"),
            }
        )
        {
            using var response = await mirror.SendAsync(
                method,
                path,
                method == HttpMethod.Get ? null : [],
                ("Authorization", "Bearer " + read)
            );
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }

        using var list = await mirror.GetAsync("/v2/_catalog", ("Authorization", Basic("any", read)));
        Assert.Equal(HttpStatusCode.OK, list.StatusCode);
    }

    [Theory]
    [InlineData("Bearer tym_wrong")]
    [InlineData("Basic !!!")]
    [InlineData("Digest x")]
    public async Task A_wrong_token_is_not_nobody(string header)
    {
        await using var mirror = await WithTokensAsync(MirrorAccess.Read);

        using var response = await mirror.GetAsync("/v2/_catalog", ("Authorization", header));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_token_that_was_taken_away_ends()
    {
        var (mirror, read, _) = await TokensAsync();
        await using var __ = mirror;
        await MirrorTokens.RemoveAsync(mirror.Server.Parts.Settings.Options.Tokens, "reader", MirrorHost.Cancellation);

        // The file was not read yet.
        using var response = await mirror.GetAsync("/v2/_catalog", ("Authorization", "Bearer " + read));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task A_blob_is_not_mounted_from_a_repository_that_the_token_does_not_read()
    {
        var home = MirrorHost.Home();
        var tokens = Path.Combine(home.Path, "mirror", "tokens.json");
        var all = await MirrorTokens.AddAsync(tokens, Request("all", true, null), MirrorHost.Cancellation);
        var mine = await MirrorTokens.AddAsync(tokens, Request("mine", true, "mine"), MirrorHost.Cancellation);
        await using var mirror = await MirrorHost.StartAsync(options => options with { Anonymous = MirrorAccess.None }, home);
        var digest = FakeRegistry.DigestOf([1, 2, 3]);
        using var pushed = await mirror.SendAsync(
            HttpMethod.Post,
            $"/v2/secret/x/blobs/uploads/?digest={digest}",
            [1, 2, 3],
            ("Authorization", "Bearer " + all)
        );
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);

        foreach (var from in new[] { "&from=secret/x", "" })
        {
            using var mounted = await mirror.SendAsync(
                HttpMethod.Post,
                $"/v2/mine/blobs/uploads/?mount={digest}{from}",
                [],
                ("Authorization", "Bearer " + mine)
            );
            Assert.Equal(HttpStatusCode.Accepted, mounted.StatusCode);
        }

        foreach (var path in new[] { $"/v2/secret/x/blobs/{digest}", $"/v2/mine/blobs/{digest}", $"/v2/minefield/blobs/{digest}", "/" })
        {
            using var read = await mirror.GetAsync(path, ("Authorization", "Bearer " + mine));
            Assert.NotEqual(HttpStatusCode.OK, read.StatusCode);
        }
    }

    [Theory]
    [InlineData("/v2/../../etc/passwd")]
    [InlineData("/v2/a/../../../etc/manifests/passwd")]
    [InlineData("/v2/a/manifests/..%2f..%2ftokens.json")]
    [InlineData("/v2/%2e%2e/%2e%2e/manifests/x")]
    [InlineData("/v2//etc/manifests/passwd")]
    [InlineData("/v2/a/blobs/uploads/../../../tokens.json")]
    [InlineData("/v2/a/_manifests/x/manifests/y")]
    [InlineData("/v2/a/manifests/x%00y")]
    public async Task A_path_that_leads_elsewhere_is_refused(string target)
    {
        await using var mirror = await MirrorHost.StartAsync();

        // HttpClient would tidy the path up.
        var answer = await RawAsync(mirror, $"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Matches(@"\AHTTP/1\.1 4\d\d ", answer);
        Assert.DoesNotContain("root:", answer);
    }

    [Fact]
    public async Task An_upload_is_worth_nothing_in_another_repository()
    {
        await using var mirror = await MirrorHost.StartAsync();
        using var begun = await mirror.SendAsync(HttpMethod.Post, "/v2/a/blobs/uploads/", []);

        using var other = await mirror.GetAsync(
            begun.Headers.Location!.OriginalString.Replace("/v2/a/", "/v2/b/", StringComparison.Ordinal)
        );

        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    [Fact]
    public async Task A_mirror_that_is_read_only_takes_nothing()
    {
        await using var mirror = await MirrorHost.StartAsync(options => options with { IsReadOnly = true });

        using var push = await mirror.SendAsync(HttpMethod.Post, "/v2/a/blobs/uploads/", []);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, push.StatusCode);
    }

    [Theory]
    [InlineData("0.0.0.0", false, false, "TY6040")]
    [InlineData("0.0.0.0", true, false, null)]
    [InlineData("127.0.0.1", false, false, null)]
    [InlineData("127.0.0.1", false, true, "TY6040")]
    public void Beyond_this_machine_nothing_is_served_without_TLS_unless_told(string address, bool insecure, bool half, string? code)
    {
        var options = new MirrorOptions
        {
            Listen = new IPEndPoint(IPAddress.Parse(address), 0),
            Root = "/nowhere",
            Anonymous = MirrorAccess.Read,
            IsInsecure = insecure,
            Certificate = half ? "/cert.pem" : null,
        };

        Assert.Equal(code, (Record.Exception(options.Require) as TorchyardException)?.Code);
    }

    [Fact]
    public async Task A_mirror_that_nobody_could_use_does_not_start() =>
        Assert.Equal(
            "TY6041",
            (
                await Assert.ThrowsAsync<TorchyardException>(() =>
                    MirrorHost.StartAsync(options => options with { Anonymous = MirrorAccess.None })
                )
            ).Code
        );

    [Fact]
    public async Task Two_mirrors_do_not_share_a_directory()
    {
        using var home = MirrorHost.Home();
        await using var first = await MirrorHost.StartAsync(null, home);

        Assert.Equal("TY6044", (await Assert.ThrowsAsync<TorchyardException>(() => MirrorHost.StartAsync(null, home))).Code);
    }

    [Fact]
    public async Task The_page_runs_and_fetches_nothing()
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushImageAsync("team/train", "1.0", MirrorHost.Random(1000));

        using var response = await mirror.GetAsync("/");

        var page = await response.Content.ReadAsStringAsync(MirrorHost.Cancellation);
        Assert.Contains("team/train:1.0", page);
        Assert.Contains("default-src 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain(" style=", page);
        Assert.DoesNotContain("://", page);
    }

    internal static async Task<string> RawAsync(MirrorHost mirror, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", mirror.Server.Address.Port, MirrorHost.Cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), MirrorHost.Cancellation);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(MirrorHost.Cancellation);
    }

    private static MirrorTokenRequest Request(string name, bool write, string? repositories) =>
        new(name, write, repositories, DateTimeOffset.UnixEpoch);

    private static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static async Task<MirrorHost> WithTokensAsync(MirrorAccess anonymous)
    {
        var home = MirrorHost.Home();
        await MirrorTokens.AddAsync(Path.Combine(home.Path, "mirror", "tokens.json"), Request("any", true, null), MirrorHost.Cancellation);
        return await MirrorHost.StartAsync(options => options with { Anonymous = anonymous }, home);
    }

    private static async Task<(MirrorHost Mirror, string Read, string Write)> TokensAsync()
    {
        var home = MirrorHost.Home();
        var tokens = Path.Combine(home.Path, "mirror", "tokens.json");
        var read = await MirrorTokens.AddAsync(tokens, Request("reader", false, null), MirrorHost.Cancellation);
        var write = await MirrorTokens.AddAsync(tokens, Request("writer", true, null), MirrorHost.Cancellation);
        return (await MirrorHost.StartAsync(options => options with { Anonymous = MirrorAccess.None }, home), read, write);
    }
}
