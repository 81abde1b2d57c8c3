using System.Net;
using System.Text;

namespace Torchyard.Mirror.Tests.Conformance;

/// <summary>Distribution-spec 1.1, "Pull": each test names its section.</summary>
public sealed class PullTests
{
    [Fact]
    public async Task Endpoints_end_1_the_base_says_that_it_is_a_registry()
    {
        await using var mirror = await MirrorHost.StartAsync();

        using var response = await mirror.GetAsync("/v2/");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("registry/2.0", Assert.Single(response.Headers.GetValues("Docker-Distribution-API-Version")));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Pulling_manifests_by_tag_and_by_digest(string method)
    {
        await using var mirror = await MirrorHost.StartAsync();
        var digest = await mirror.PushImageAsync("team/train", "1.0", MirrorHost.Random(1000));

        foreach (var reference in new[] { "1.0", digest })
        {
            using var response = await mirror.SendAsync(new HttpMethod(method), $"/v2/team/train/manifests/{reference}");

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(digest, Assert.Single(response.Headers.GetValues("Docker-Content-Digest")));
            Assert.Equal("application/vnd.oci.image.manifest.v1+json", response.Content.Headers.ContentType!.MediaType);
            var body = await response.Content.ReadAsByteArrayAsync(MirrorHost.Cancellation);
            Assert.Equal(method == "HEAD" ? 0 : response.Content.Headers.ContentLength, body.Length);
            Assert.True(response.Content.Headers.ContentLength > 0);
        }
    }

    [Theory]
    [InlineData("/v2/team/train/manifests/none", "MANIFEST_UNKNOWN")]
    [InlineData("/v2/none/manifests/1.0", "MANIFEST_UNKNOWN")]
    [InlineData("/v2/team/train/blobs/sha256:0000000000000000000000000000000000000000000000000000000000000000", "BLOB_UNKNOWN")]
    [InlineData("/v2/none/tags/list", "NAME_UNKNOWN")]
    public async Task Error_codes_what_is_not_there_is_404_with_its_code(string path, string code)
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushImageAsync("team/train", "1.0", [1]);

        using var response = await mirror.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains($"\"code\":\"{code}\"", await response.Content.ReadAsStringAsync(MirrorHost.Cancellation));
    }

    [Theory]
    [InlineData("/v2/team/train/blobs/sha256:00")]
    [InlineData("/v2/team/train/blobs/md5:00000000000000000000000000000000")]
    [InlineData("/v2/team/train/manifests/sha256:zz")]
    public async Task Digests_a_wrong_one_is_400(string path)
    {
        await using var mirror = await MirrorHost.StartAsync();

        using var response = await mirror.GetAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("DIGEST_INVALID", await response.Content.ReadAsStringAsync(MirrorHost.Cancellation));
    }

    [Fact]
    public async Task Pulling_blobs_whole_and_by_head()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var content = MirrorHost.Random(300_000);
        var digest = await mirror.PushBlobAsync("a", content);

        Assert.Equal(content, await mirror.BytesAsync($"/v2/a/blobs/{digest}"));
        using var head = await mirror.SendAsync(HttpMethod.Head, $"/v2/a/blobs/{digest}");
        Assert.Equal(content.Length, head.Content.Headers.ContentLength);
        Assert.Equal(digest, Assert.Single(head.Headers.GetValues("Docker-Content-Digest")));
    }

    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=290000-", 290_000, 10_000)]
    [InlineData("bytes=-5", 299_995, 5)]
    public async Task Pulling_blobs_in_parts(string range, int first, int length)
    {
        await using var mirror = await MirrorHost.StartAsync();
        var content = MirrorHost.Random(300_000);
        var digest = await mirror.PushBlobAsync("a", content);

        using var response = await mirror.GetAsync($"/v2/a/blobs/{digest}", ("Range", range));

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal($"bytes {first}-{first + length - 1}/300000", response.Content.Headers.ContentRange!.ToString());
        Assert.Equal(content[first..(first + length)], await response.Content.ReadAsByteArrayAsync(MirrorHost.Cancellation));
    }

    [Fact]
    public async Task Pulling_blobs_behind_their_end_is_416()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var digest = await mirror.PushBlobAsync("a", MirrorHost.Random(10));

        using var response = await mirror.GetAsync($"/v2/a/blobs/{digest}", ("Range", "bytes=10-"));

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal("bytes */10", response.Content.Headers.ContentRange!.ToString());
    }

    [Fact]
    public async Task A_manifest_that_a_client_has_is_not_sent_again()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var digest = await mirror.PushImageAsync("a", "1", [1]);

        using var response = await mirror.GetAsync("/v2/a/manifests/1", ("If-None-Match", $"\"{digest}\""));

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
    }

    [Fact]
    public async Task Blobs_and_manifests_may_have_sha512()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var content = MirrorHost.Random(1000);
        var digest = "sha512:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(content));
        using var pushed = await mirror.SendAsync(HttpMethod.Post, $"/v2/a/blobs/uploads/?digest={digest}", content);
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        Assert.Equal(content, await mirror.BytesAsync($"/v2/a/blobs/{digest}"));

        var manifest = MirrorHost.Manifest(digest, content.Length, digest, content.Length);
        var own = "sha512:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(Encoding.UTF8.GetBytes(manifest)));
        using var taken = await mirror.PutManifestAsync("a", own, manifest);
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        Assert.Equal(own, Assert.Single(taken.Headers.GetValues("Docker-Content-Digest")));
        Assert.Equal(Encoding.UTF8.GetBytes(manifest), await mirror.BytesAsync($"/v2/a/manifests/{own}"));
    }
}
