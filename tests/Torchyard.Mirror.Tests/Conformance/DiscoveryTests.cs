using System.Net;
using System.Text.Json;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Conformance;

/// <summary>Distribution-spec 1.1, "Content Discovery" and "Content Management": each test names its section.</summary>
public sealed class DiscoveryTests
{
    [Theory]
    [InlineData("", "B,a,b,c", null)]
    [InlineData("?n=2", "B,a", "</v2/r/tags/list?n=2&last=a>; rel=\"next\"")]
    [InlineData("?n=2&last=a", "b,c", null)]
    [InlineData("?n=0", "", null)]
    [InlineData("?last=b", "c", null)]
    [InlineData("?n=100&last=zz", "", null)]
    public async Task Listing_tags_in_pages(string query, string tags, string? next)
    {
        await using var mirror = await MirrorHost.StartAsync();
        foreach (var tag in new[] { "c", "a", "b", "B" })
        {
            await mirror.PushImageAsync("r", tag, [1]);
        }

        using var response = await mirror.GetAsync("/v2/r/tags/list" + query);

        using var list = JsonDocument.Parse(await response.Content.ReadAsStringAsync(MirrorHost.Cancellation));
        Assert.Equal("r", list.RootElement.GetProperty("name").GetString());
        Assert.Equal(tags, string.Join(',', list.RootElement.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString())));
        Assert.Equal(next, response.Headers.TryGetValues("Link", out var link) ? link.Single() : null);
    }

    [Fact]
    public async Task Listing_tags_by_a_number_that_is_none_is_400()
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushImageAsync("r", "1", [1]);

        using var response = await mirror.GetAsync("/v2/r/tags/list?n=x");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task The_catalog_lists_repositories()
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushImageAsync("team/b", "1", [1]);
        await mirror.PushImageAsync("team", "1", [1]);

        Assert.Equal("{\"repositories\":[\"team\",\"team/b\"]}"u8.ToArray(), await mirror.BytesAsync("/v2/_catalog"));
    }

    [Fact]
    public async Task Listing_referrers_with_and_without_a_filter()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var subject = await mirror.PushImageAsync("r", "1", [1]);
        var config = await mirror.PushBlobAsync("r", "{}"u8.ToArray());
        foreach (var type in new[] { "application/x.sbom", "application/x.signature" })
        {
            var more =
                $$""","artifactType":"{{type}}","annotations":{"k":"{{type}}"},"subject":{"mediaType":"{{RegistryImage.Manifest}}","digest":"{{subject}}","size":1}""";
            using var put = await mirror.PutManifestAsync("r", type[14..], MirrorHost.Manifest(config, 2, config, 2, more));
            Assert.Equal(subject, Assert.Single(put.Headers.GetValues("OCI-Subject")));
        }

        var (all, _) = await ListAsync(mirror, subject, "");
        Assert.Equal(2, all.Count);
        Assert.All(all, one =>
            Assert.Equal(one.GetProperty("artifactType").GetString(), one.GetProperty("annotations").GetProperty("k").GetString())
        );

        var (some, filters) = await ListAsync(mirror, subject, "?artifactType=application/x.sbom");
        Assert.Equal("application/x.sbom", Assert.Single(some).GetProperty("artifactType").GetString());
        Assert.Equal("artifactType", filters);
    }

    [Fact]
    public async Task Listing_referrers_of_what_has_none_is_an_empty_index()
    {
        await using var mirror = await MirrorHost.StartAsync();

        Assert.Empty((await ListAsync(mirror, FakeRegistry.DigestOf([1]), "")).Manifests);
    }

    [Fact]
    public async Task A_referrer_that_is_deleted_is_no_longer_listed()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var subject = await mirror.PushImageAsync("r", "1", [1]);
        var config = await mirror.PushBlobAsync("r", "{}"u8.ToArray());
        var more = $$""","subject":{"mediaType":"{{RegistryImage.Manifest}}","digest":"{{subject}}","size":1}""";
        using var put = await mirror.PutManifestAsync("r", "s", MirrorHost.Manifest(config, 2, config, 2, more));

        using var deleted = await mirror.SendAsync(
            HttpMethod.Delete,
            $"/v2/r/manifests/{put.Headers.GetValues("Docker-Content-Digest").Single()}"
        );

        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Empty((await ListAsync(mirror, subject, "")).Manifests);
    }

    [Fact]
    public async Task Deleting_tags_leaves_the_manifest()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var digest = await mirror.PushImageAsync("r", "1", [1]);

        await ExpectAsync(mirror, HttpMethod.Delete, "/v2/r/manifests/1", HttpStatusCode.Accepted);
        await ExpectAsync(mirror, HttpMethod.Get, "/v2/r/manifests/1", HttpStatusCode.NotFound);
        await ExpectAsync(mirror, HttpMethod.Get, $"/v2/r/manifests/{digest}", HttpStatusCode.OK);
    }

    [Fact]
    public async Task Deleting_manifests_takes_their_tags_along()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var digest = await mirror.PushImageAsync("r", "1", [1]);

        await ExpectAsync(mirror, HttpMethod.Delete, $"/v2/r/manifests/{digest}", HttpStatusCode.Accepted);
        await ExpectAsync(mirror, HttpMethod.Get, "/v2/r/manifests/1", HttpStatusCode.NotFound);
        await ExpectAsync(mirror, HttpMethod.Delete, $"/v2/r/manifests/{digest}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Deleting_blobs_takes_them_from_one_repository()
    {
        await using var mirror = await MirrorHost.StartAsync();
        var digest = await mirror.PushBlobAsync("a", [1]);
        await mirror.PushBlobAsync("b", [1]);

        await ExpectAsync(mirror, HttpMethod.Delete, $"/v2/a/blobs/{digest}", HttpStatusCode.Accepted);
        await ExpectAsync(mirror, HttpMethod.Get, $"/v2/a/blobs/{digest}", HttpStatusCode.NotFound);
        await ExpectAsync(mirror, HttpMethod.Get, $"/v2/b/blobs/{digest}", HttpStatusCode.OK);
    }

    private static async Task ExpectAsync(MirrorHost mirror, HttpMethod method, string path, HttpStatusCode status)
    {
        using var response = await mirror.SendAsync(method, path);
        Assert.Equal(status, response.StatusCode);
    }

    private static async Task<(List<JsonElement> Manifests, string? Filters)> ListAsync(MirrorHost mirror, string subject, string query)
    {
        using var response = await mirror.GetAsync($"/v2/r/referrers/{subject}{query}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/vnd.oci.image.index.v1+json", response.Content.Headers.ContentType!.MediaType);
        using var index = JsonDocument.Parse(await response.Content.ReadAsStringAsync(MirrorHost.Cancellation));
        return (
            [.. index.RootElement.GetProperty("manifests").EnumerateArray().Select(one => one.Clone())],
            response.Headers.TryGetValues("OCI-Filters-Applied", out var filters) ? filters.Single() : null
        );
    }
}
