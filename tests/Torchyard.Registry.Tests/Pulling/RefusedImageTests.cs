using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests.Pulling;

/// <summary>What registries give that is not what was asked for. Nothing of it gets a name in the store.</summary>
public sealed class RefusedImageTests : IDisposable
{
    private readonly Client _client = new();

    public void Dispose()
    {
        Assert.Empty(new Images.Store.ImageStore(_client.Store.Paths).List());
        _client.Dispose();
    }

    [Fact]
    public async Task A_flipped_byte_is_seen()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Alters = (kind, content) => kind == "blob" ? Flip(content) : content });
        var image = RegistryImage.Add(registry, "me/mine", "1", 300_000);
        Assert.Equal("TY6008", (await _client.RefusesAsync(registry, "me/mine:1")).Code);
        Assert.False(_client.Has(FakeRegistry.DigestOf(image.Large)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300_000)]
    public async Task A_layer_that_is_longer_or_shorter_is_not_read_to_its_end(int bytes)
    {
        using var registry = new FakeRegistry(
            new RegistryQuirks { Alters = (kind, content) => kind == "blob" ? [.. content, .. new byte[10]] : content }
        );
        RegistryImage.Add(registry, "me/mine", "1", bytes);
        Assert.Equal("TY6008", (await _client.RefusesAsync(registry, "me/mine:1")).Code);
        registry.Quirks = new RegistryQuirks { Alters = (kind, content) => kind == "blob" ? content[..^1] : content };
        Assert.Equal("TY6008", (await _client.RefusesAsync(registry, "me/mine:1")).Code);
    }

    [Fact]
    public async Task Another_manifest_than_that_of_the_digest_is_refused()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Alters = (_, content) => [.. content, (byte)' '] });
        var image = RegistryImage.Add(registry, "me/mine", "1");
        Assert.Equal("TY6008", (await _client.RefusesAsync(registry, $"me/mine@{image.Digest}")).Code);
    }

    [Fact]
    public async Task A_page_for_logins_is_not_a_manifest()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Page = "<html>log in</html>" });
        var failure = await _client.RefusesAsync(registry, "me/mine:1");
        Assert.Equal("TY6007", failure.Code);
        Assert.Contains("web page", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"config":null,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[null]}""")]
    [InlineData("""{"layers":[{"mediaType":"x","digest":"sha512:00","size":1}]}""")]
    public async Task A_manifest_that_cannot_be_read_is_refused(string content)
    {
        using var registry = new FakeRegistry();
        registry.AddManifest("me/mine", "1", RegistryImage.Manifest, content);
        Assert.Equal("TY6007", (await _client.RefusesAsync(registry, "me/mine:1")).Code);
    }

    [Fact]
    public async Task A_manifest_beyond_reason_is_refused()
    {
        using var registry = new FakeRegistry();
        registry.AddManifest("me/mine", "deep", RegistryImage.Manifest, new string('[', 100_000));
        registry.AddManifest("me/mine", "long", RegistryImage.Manifest, new string(' ', 5 << 20));
        Assert.Equal("TY6007", (await _client.RefusesAsync(registry, "me/mine:deep")).Code);
        Assert.Equal("TY6007", (await _client.RefusesAsync(registry, "me/mine:long")).Code);
    }

    [Fact]
    public async Task Schema_1_is_named()
    {
        using var registry = new FakeRegistry();
        registry.AddManifest(
            "me/mine",
            "1",
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            """{"schemaVersion":1,"fsLayers":[]}"""
        );
        var failure = await _client.RefusesAsync(registry, "me/mine:1");
        Assert.Equal("TY6009", failure.Code);
        Assert.Contains("schema 1", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "an address of its own")]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "an address of its own")]
    [InlineData("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "not a tar")]
    public async Task Layers_that_are_elsewhere_or_locked_up_are_refused(string type, string why)
    {
        using var registry = new FakeRegistry();
        RegistryImage.Add(registry, "me/mine", "1", layerType: type);
        var failure = await _client.RefusesAsync(registry, "me/mine:1");
        Assert.Equal("TY6009", failure.Code);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        using var registry = new FakeRegistry();
        Assert.Equal("TY6004", (await _client.RefusesAsync(registry, "me/mine:1")).Code);
        var image = RegistryImage.Add(registry, "me/mine", "1");
        registry.Blobs.TryRemove(FakeRegistry.DigestOf(image.Large), out _);
        Assert.Equal("TY6004", (await _client.RefusesAsync(registry, "me/mine:1")).Code);
    }

    private static byte[] Flip(byte[] content)
    {
        var other = content.ToArray();
        other[other.Length / 2] ^= 1;
        return other;
    }
}
