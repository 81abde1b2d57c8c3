using System.Net;
using System.Text;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Conformance;

/// <summary>Distribution-spec 1.1, "Push": each test names its section.</summary>
public sealed class PushTests
{
    private static readonly byte[] Content = MirrorHost.Random(100_000, 7);
    private static readonly string Digest = FakeRegistry.DigestOf(Content);

    [Fact]
    public async Task Pushing_a_blob_monolithically_by_POST_then_PUT()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var location = await BeginAsync(mirror);

        using var put = await mirror.SendAsync(HttpMethod.Put, $"{location}?digest={Digest}", Content);

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal($"/v2/a/blobs/{Digest}", put.Headers.Location!.OriginalString);
        Assert.Equal(Content, await mirror.BytesAsync(put.Headers.Location.OriginalString));
    }

    [Fact]
    public async Task Pushing_a_blob_monolithically_by_one_POST()
    {
        await using var mirror = await MirrorHost.StartAsync();

        Assert.Equal(Digest, await mirror.PushBlobAsync("a", Content));
        Assert.Equal(Content, await mirror.BytesAsync($"/v2/a/blobs/{Digest}"));
    }

    [Fact]
    public async Task Pushing_a_blob_in_chunks_and_asking_how_far_it_is()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var location = await BeginAsync(mirror);
        for (var at = 0; at < Content.Length; at += 25_000)
        {
            using var patch = await PatchAsync(mirror, location, Content[at..(at + 25_000)], $"{at}-{at + 24_999}");
            Assert.Equal(HttpStatusCode.Accepted, patch.StatusCode);
            Assert.Equal($"0-{at + 24_999}", Assert.Single(patch.Headers.GetValues("Range")));
            location = patch.Headers.Location!.OriginalString;

            using var state = await mirror.GetAsync(location);
            Assert.Equal(HttpStatusCode.NoContent, state.StatusCode);
            Assert.Equal($"0-{at + 24_999}", Assert.Single(state.Headers.GetValues("Range")));
        }

        using var put = await mirror.SendAsync(HttpMethod.Put, $"{location}?digest={Digest}", []);

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(Content, await mirror.BytesAsync($"/v2/a/blobs/{Digest}"));
    }

    [Theory]
    [InlineData("10-19")]
    [InlineData("50001-50010")]
    public async Task Pushing_a_blob_in_chunks_one_out_of_order_is_416_and_changes_nothing(string range)
    {
        await using var mirror = await MirrorHost.StartAsync();
        var location = await BeginAsync(mirror);
        using var first = await PatchAsync(mirror, location, Content[..50_000], "0-49999");

        using var wrong = await PatchAsync(mirror, location, Content[..10], range);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, wrong.StatusCode);
        Assert.Equal("0-49999", Assert.Single(wrong.Headers.GetValues("Range")));

        using var last = await mirror.SendAsync(
            HttpMethod.Put,
            $"{location}?digest={Digest}",
            Content[50_000..],
            ("Content-Range", "50000-99999")
        );
        Assert.Equal(HttpStatusCode.Created, last.StatusCode);
    }

    [Fact]
    public async Task Pushing_a_blob_with_another_digest_is_400_and_there_is_no_blob()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var location = await BeginAsync(mirror);

        using var put = await mirror.SendAsync(HttpMethod.Put, $"{location}?digest={Digest}", [1, 2, 3]);

        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
        using var blob = await mirror.GetAsync($"/v2/a/blobs/{Digest}");
        Assert.Equal(HttpStatusCode.NotFound, blob.StatusCode);
        Assert.Empty(mirror.Store.Blobs.All());
    }

    [Fact]
    public async Task Cancelling_an_upload_ends_it()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var location = await BeginAsync(mirror);

        using var cancelled = await mirror.SendAsync(HttpMethod.Delete, location);
        Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        using var state = await mirror.GetAsync(location);
        Assert.Equal(HttpStatusCode.NotFound, state.StatusCode);
    }

    [Theory]
    [InlineData("&from=a")]
    [InlineData("")]
    public async Task Mounting_a_blob_from_another_repository_or_from_any(string from)
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushBlobAsync("a", Content);

        using var mounted = await mirror.SendAsync(HttpMethod.Post, $"/v2/b/blobs/uploads/?mount={Digest}{from}", []);

        Assert.Equal(HttpStatusCode.Created, mounted.StatusCode);
        Assert.Equal($"/v2/b/blobs/{Digest}", mounted.Headers.Location!.OriginalString);
        Assert.Equal(Content, await mirror.BytesAsync($"/v2/b/blobs/{Digest}"));
    }

    [Fact]
    public async Task Mounting_a_blob_that_is_not_there_begins_an_upload()
    {
        await using var mirror = await MirrorHost.StartAsync();

        using var begun = await mirror.SendAsync(HttpMethod.Post, $"/v2/b/blobs/uploads/?mount={Digest}&from=a", []);

        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        Assert.StartsWith("/v2/b/blobs/uploads/", begun.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pushing_a_manifest_whose_blobs_are_not_there_is_refused_with_their_digests()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var manifest = MirrorHost.Manifest(Digest, Content.Length, Digest, Content.Length);

        using var response = await mirror.PutManifestAsync("a", "1", manifest);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var body = await response.Content.ReadAsStringAsync(MirrorHost.Cancellation);
        Assert.Contains("MANIFEST_BLOB_UNKNOWN", body);
        Assert.Contains(Digest, body);
    }

    [Theory]
    [InlineData("not JSON", "MANIFEST_INVALID")]
    [InlineData("[]", "MANIFEST_INVALID")]
    [InlineData("""{"layers":[{"mediaType":"x","digest":"sha256:1","size":1}]}""", "MANIFEST_INVALID")]
    [InlineData("""{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", "MANIFEST_INVALID")]
    public async Task Pushing_a_manifest_that_is_none_is_400(string manifest, string code)
    {
        await using var mirror = await MirrorHost.StartAsync();

        using var response = await mirror.PutManifestAsync("a", "1", manifest);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(code, await response.Content.ReadAsStringAsync(MirrorHost.Cancellation));
    }

    [Fact]
    public async Task Pushing_a_manifest_of_more_than_4_MiB_is_413()
    {
        await using var mirror = await MirrorHost.StartAsync();

        using var response = await mirror.PutManifestAsync("a", "1", new string(' ', (4 << 20) + 1));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Pushing_a_manifest_by_a_digest_that_is_not_its_own_is_400()
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushBlobAsync("a", Content);

        using var response = await mirror.PutManifestAsync(
            "a",
            Digest,
            MirrorHost.Manifest(Digest, Content.Length, Digest, Content.Length)
        );

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Pushing_a_manifest_by_its_digest_with_tags()
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushBlobAsync("a", Content);
        var manifest = MirrorHost.Manifest(Digest, Content.Length, Digest, Content.Length);
        var own = FakeRegistry.DigestOf(Encoding.UTF8.GetBytes(manifest));

        using var response = await mirror.PutManifestAsync("a", own + "?tag=x&tag=y", manifest);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(["x", "y"], response.Headers.GetValues("OCI-Tag").SelectMany(value => value.Split(", ")));
        Assert.Equal(["x", "y"], mirror.Store.Repositories.TagsOf("a"));
    }

    private static async Task<string> BeginAsync(MirrorHost mirror)
    {
        using var begun = await mirror.SendAsync(HttpMethod.Post, "/v2/a/blobs/uploads/", []);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        return begun.Headers.Location!.OriginalString;
    }

    private static Task<HttpResponseMessage> PatchAsync(MirrorHost mirror, string location, byte[] chunk, string range) =>
        mirror.SendAsync(HttpMethod.Patch, location, chunk, ("Content-Range", range));
}
