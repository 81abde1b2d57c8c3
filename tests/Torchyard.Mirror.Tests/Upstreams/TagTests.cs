using System.Net;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Upstreams;

/// <summary>Tags of other registries: believed for a while, looked up again, and served as they were when nobody answers.</summary>
public sealed class TagTests
{
    [Theory]
    [InlineData("/v2/{0}/team/train/manifests/1")]
    [InlineData("/v2/team/train/manifests/1?ns={1}")]
    public async Task An_image_is_found_by_prefix_and_as_containerd_asks(string path)
    {
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "team/train", "1");
        await using var mirror = await MirrorHost.OfAsync(registry);
        var asked = path.Replace("{0}", MirrorHost.First(registry), StringComparison.Ordinal)
            .Replace("{1}", registry.Name, StringComparison.Ordinal);

        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(image.Content), await mirror.BytesAsync(asked));
        await mirror.BytesAsync(asked);

        Assert.Single(registry.Requests, request => request.Contains("/manifests/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tag_that_moved_is_seen_when_its_age_is_over()
    {
        using var registry = new FakeRegistry();
        RegistryImage.Add(registry, "r", "1", 1000);
        await using var mirror = await MirrorHost.OfAsync(registry, options => options with { TagAge = TimeSpan.Zero });
        var path = $"/v2/{MirrorHost.First(registry)}/r/manifests/1";
        await mirror.BytesAsync(path);
        var moved = RegistryImage.Add(registry, "r", "1", 2000);

        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(moved.Content), await mirror.BytesAsync(path));
    }

    [Fact]
    public async Task A_registry_that_has_gone_leaves_what_is_there_and_the_answer_says_so()
    {
        var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "r", "1");
        await using var mirror = await MirrorHost.OfAsync(registry, options => options with { TagAge = TimeSpan.Zero });
        var path = $"/v2/{MirrorHost.First(registry)}/r";
        await mirror.BytesAsync($"{path}/manifests/1");
        await mirror.BytesAsync($"{path}/blobs/{FakeRegistry.DigestOf(image.Large)}");
        registry.Dispose();

        using var stale = await mirror.GetAsync($"{path}/manifests/1");

        Assert.Equal(HttpStatusCode.OK, stale.StatusCode);
        Assert.StartsWith("110", Assert.Single(stale.Headers.GetValues("Warning")), StringComparison.Ordinal);
        Assert.Contains(mirror.Lines, line => line.Contains("is served as it was", StringComparison.Ordinal));
        Assert.Equal(image.Large, await mirror.BytesAsync($"{path}/blobs/{FakeRegistry.DigestOf(image.Large)}"));
        using var unknown = await mirror.GetAsync($"{path}/manifests/2");
        Assert.Equal(HttpStatusCode.BadGateway, unknown.StatusCode);
    }

    [Fact]
    public async Task An_image_that_was_removed_there_is_not_served_as_it_was()
    {
        using var registry = new FakeRegistry();
        RegistryImage.Add(registry, "r", "1");
        await using var mirror = await MirrorHost.OfAsync(registry, options => options with { TagAge = TimeSpan.Zero });
        var path = $"/v2/{MirrorHost.First(registry)}/r/manifests/1";
        await mirror.BytesAsync(path);
        registry.Manifests.Clear();

        using var response = await mirror.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_login_that_the_other_registry_wants_is_not_asked_of_the_client()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Basic = ("user", "secret") });
        RegistryImage.Add(registry, "r", "1");
        await using var mirror = await MirrorHost.OfAsync(registry);

        using var response = await mirror.GetAsync($"/v2/{MirrorHost.First(registry)}/r/manifests/1");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.DoesNotContain("WWW-Authenticate", response.Headers.ToString());
    }

    [Fact]
    public async Task A_copy_of_another_registry_is_not_pushed_to()
    {
        using var registry = new FakeRegistry();
        await using var mirror = await MirrorHost.OfAsync(registry, options =>
            options with
            {
                Anonymous = Torchyard.Registry.Mirrors.MirrorAccess.Write,
            }
        );

        using var push = await mirror.SendAsync(HttpMethod.Post, $"/v2/{MirrorHost.First(registry)}/r/blobs/uploads/", []);

        Assert.Equal(HttpStatusCode.Forbidden, push.StatusCode);
    }

    [Fact]
    public async Task A_registry_that_is_not_one_of_the_mirrors_is_not_asked()
    {
        using var registry = new FakeRegistry();
        await using var mirror = await MirrorHost.StartAsync();

        using var response = await mirror.GetAsync($"/v2/r/manifests/1?ns={registry.Name}");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(registry.Requests);
    }
}
