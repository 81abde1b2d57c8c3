using System.Net;
using Torchyard.Registry.Mirrors;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Upstreams;

/// <summary>Blobs that the mirror fetches while clients get them.</summary>
public sealed class FetchTests
{
    private const int Clients = 50;

    [Fact]
    public async Task Fifty_clients_get_bytes_while_the_blob_comes_and_upstream_is_asked_once()
    {
        var content = MirrorHost.Random(1 << 20);
        using var upstream = new GatedUpstream(content);
        await using var mirror = await OfAsync(upstream);
        var path = PathOf(upstream, content);

        var halves = await Task.WhenAll(
            Enumerable
                .Range(0, Clients)
                .Select(async _ =>
                {
                    var response = await mirror.GetAsync(path);
                    Assert.Equal(content.Length, response.Content.Headers.ContentLength);
                    var body = await response.Content.ReadAsStreamAsync(MirrorHost.Cancellation);
                    var half = new byte[content.Length / 2];
                    await body.ReadExactlyAsync(half, MirrorHost.Cancellation);
                    return (response, body, half);
                })
        );
        // Every client has half of it, and upstream did not send the rest yet.
        Assert.All(halves, one => Assert.Equal(content[..(content.Length / 2)], one.half));
        upstream.Open();
        foreach (var (response, body, _) in halves)
        {
            using var rest = new MemoryStream();
            await body.CopyToAsync(rest, MirrorHost.Cancellation);
            Assert.Equal(content[(content.Length / 2)..], rest.ToArray());
            response.Dispose();
        }

        Assert.Single(upstream.Asked);
        Assert.Equal(Clients - 1, mirror.Counters.JoinedFetches);
    }

    [Fact]
    public async Task A_range_of_a_blob_that_is_half_there_is_answered()
    {
        var content = MirrorHost.Random(1 << 20);
        using var upstream = new GatedUpstream(content);
        await using var mirror = await OfAsync(upstream);

        using var response = await mirror.GetAsync(PathOf(upstream, content), ("Range", "bytes=1000-1999"));

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(content[1000..2000], await response.Content.ReadAsByteArrayAsync(MirrorHost.Cancellation));
    }

    [Fact]
    public async Task A_blob_whose_length_nobody_says_comes_whole()
    {
        var content = MirrorHost.Random(1 << 20);
        using var upstream = new GatedUpstream(content) { IsChunked = true };
        await using var mirror = await OfAsync(upstream);
        upstream.Open();

        Assert.Equal(content, await mirror.BytesAsync(PathOf(upstream, content)));
    }

    [Fact]
    public async Task A_client_that_goes_does_not_end_the_fetch_for_others()
    {
        var content = MirrorHost.Random(1 << 20);
        using var upstream = new GatedUpstream(content);
        await using var mirror = await OfAsync(upstream);
        using (var gone = await mirror.GetAsync(PathOf(upstream, content)))
        {
            var body = await gone.Content.ReadAsStreamAsync(MirrorHost.Cancellation);
            await body.ReadExactlyAsync(new byte[1000], MirrorHost.Cancellation);
        }

        using var other = await mirror.GetAsync(PathOf(upstream, content));
        upstream.Open();

        Assert.Equal(content, await other.Content.ReadAsByteArrayAsync(MirrorHost.Cancellation));
        Assert.Single(upstream.Asked);
    }

    [Fact]
    public async Task A_flipped_byte_cuts_every_client_and_is_not_kept()
    {
        using var registry = new FakeRegistry(
            new RegistryQuirks { Alters = (kind, content) => kind == "blob" ? [(byte)(content[0] ^ 1), .. content[1..]] : content }
        );
        var image = RegistryImage.Add(registry, "team/train", "1", 500_000);
        await using var mirror = await MirrorHost.OfAsync(registry);
        var path = $"/v2/{MirrorHost.First(registry)}/team/train/blobs/{FakeRegistry.DigestOf(image.Large)}";

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => AssertNeverWholeAsync(mirror, path)));

        Assert.Empty(mirror.Store.Blobs.All());
        registry.Quirks = new RegistryQuirks();
        Assert.Equal(image.Large, await mirror.BytesAsync(path));
    }

    [Fact]
    public async Task A_cut_connection_goes_on_where_it_was()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Cuts = 3 });
        var image = RegistryImage.Add(registry, "team/train", "1", 3_000_000);
        await using var mirror = await MirrorHost.OfAsync(registry);

        Assert.Equal(
            image.Large,
            await mirror.BytesAsync($"/v2/{MirrorHost.First(registry)}/team/train/blobs/{FakeRegistry.DigestOf(image.Large)}")
        );
        Assert.Contains(registry.Requests, request => request.Contains("bytes=", StringComparison.Ordinal));
        Assert.True(mirror.Counters.FetchedBytes.Single().Value < image.Large.Length * 11 / 10);
    }

    [Fact]
    public async Task A_registry_that_ignores_ranges_begins_anew_and_the_clients_do_not_notice()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Cuts = 1, IgnoresRanges = true });
        var image = RegistryImage.Add(registry, "team/train", "1", 3_000_000);
        await using var mirror = await MirrorHost.OfAsync(registry);

        Assert.Equal(
            image.Large,
            await mirror.BytesAsync($"/v2/{MirrorHost.First(registry)}/team/train/blobs/{FakeRegistry.DigestOf(image.Large)}")
        );
    }

    [Fact]
    public async Task Too_many_requests_are_waited_for()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { TooMany = 2, Wait = 1 });
        var image = RegistryImage.Add(registry, "team/train", "1");
        await using var mirror = await MirrorHost.OfAsync(registry);

        using var response = await mirror.GetAsync($"/v2/{MirrorHost.First(registry)}/team/train/manifests/1");

        Assert.Equal(image.Digest, Assert.Single(response.Headers.GetValues("Docker-Content-Digest")));
    }

    [Theory]
    [InlineData("manifests/1")]
    [InlineData("blobs/sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task A_page_in_place_of_a_registry_is_502_and_is_not_kept(string what)
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Page = "<html>log in</html>" });
        await using var mirror = await MirrorHost.OfAsync(registry);

        using var response = await mirror.GetAsync($"/v2/{MirrorHost.First(registry)}/team/train/{what}");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Empty(mirror.Store.Blobs.All());
    }

    [Fact]
    public async Task A_blob_without_end_is_cut_where_its_manifest_ends_it()
    {
        var content = MirrorHost.Random(100_000);
        using var upstream = new LoopbackServer(
            (asked, _) =>
                asked.Path == "/v2/" ? new Reply(200, "{}"u8.ToArray()) : new Reply(200, content) { Endless = true, IgnoreRange = true }
        );
        await using var mirror = await MirrorHost.StartAsync(
            options => options with { Upstreams = [upstream.Root.Authority], Anonymous = MirrorAccess.Read },
            settle: settings => settings with { LargestBlob = 1 << 20 }
        );
        var path = $"/v2/{Mirror.Requests.Names.OfUpstream(upstream.Root.Authority)}/a/blobs/{FakeRegistry.DigestOf(content)}";

        await AssertNeverWholeAsync(mirror, path);
        Assert.Empty(mirror.Store.Blobs.All());
    }

    [Fact]
    public async Task A_fetch_that_a_restart_ended_goes_on_and_not_from_its_beginning()
    {
        var content = MirrorHost.Random(1 << 20);
        using var registry = new FakeRegistry();
        registry.AddBlob(content);
        using var home = MirrorHost.Home();
        var digest = FakeRegistry.DigestOf(content);
        var partial = Path.Combine(home.Path, "mirror", "tmp", "fetch-" + digest.Replace(':', '-'));
        Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
        await File.WriteAllBytesAsync(partial, content[..600_000], MirrorHost.Cancellation);
        await using var mirror = await MirrorHost.StartAsync(options => options with { Upstreams = [registry.Name] }, home);

        Assert.Equal(content, await mirror.BytesAsync($"/v2/{MirrorHost.First(registry)}/a/blobs/{digest}"));
        Assert.Contains(registry.Requests, request => request.EndsWith("bytes=600000-", StringComparison.Ordinal));
        Assert.False(File.Exists(partial));
    }

    /// <summary>The connection is cut in the middle, or the failure was known before the first byte went out.</summary>
    private static async Task AssertNeverWholeAsync(MirrorHost mirror, string path)
    {
        using var response = await mirror.GetAsync(path);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsByteArrayAsync(MirrorHost.Cancellation));
        }
        else
        {
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        }
    }

    private static string PathOf(GatedUpstream upstream, byte[] content) =>
        $"/v2/{Mirror.Requests.Names.OfUpstream(upstream.Name)}/team/train/blobs/{FakeRegistry.DigestOf(content)}";

    private static Task<MirrorHost> OfAsync(GatedUpstream upstream) =>
        MirrorHost.StartAsync(options => options with { Upstreams = [upstream.Name], Anonymous = MirrorAccess.Read });
}
