using Torchyard.Platform.Digests;
using Torchyard.Registry.Pulling;
using Torchyard.Registry.References;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Reporting;

namespace Torchyard.Registry.Tests.Pulling;

public sealed class ImagePullTests : IDisposable
{
    private const int Large = 1_000_000;
    private readonly Client _client = new();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task An_image_has_the_digest_and_the_name_that_the_registry_gives_it()
    {
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "me/mine", "1.0");
        var pulled = await _client.PullAsync(registry, "me/mine:1.0");
        Assert.Equal(image.Digest, pulled.Image.Manifest.ToString());
        Assert.Equal([$"{registry.Name}/me/mine:1.0"], pulled.Image.Names);
        Assert.Equal((2, 0), (pulled.Fetched, pulled.There));
    }

    [Fact]
    public async Task What_is_there_is_not_fetched_again()
    {
        using var registry = new FakeRegistry();
        RegistryImage.Add(registry, "me/mine", "1.0");
        await _client.PullAsync(registry, "me/mine:1.0");
        registry.Requests.Clear();
        var again = await _client.PullAsync(registry, "me/mine:1.0");
        Assert.Equal((0, 2), (again.Fetched, again.There));
        Assert.DoesNotContain(registry.Requests, request => request.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_large_layer_comes_in_parts_with_an_end()
    {
        using var registry = new FakeRegistry();
        RegistryImage.Add(registry, "me/mine", "1", Large);
        await _client.PullAsync(registry, "me/mine:1");
        var ranges = registry.Requests.Where(request => request.Contains("bytes=", StringComparison.Ordinal)).ToList();
        Assert.True(ranges.Count > 10, $"{ranges.Count} parts");
        Assert.DoesNotContain(ranges, range => range.EndsWith('-'));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(Large, 1)]
    [InlineData(Large, 7)]
    public async Task A_cut_connection_goes_on(int bytes, int cuts)
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Cuts = bytes == Large ? cuts : 1 });
        var image = RegistryImage.Add(registry, "me/mine", "1", bytes);
        Assert.Equal(image.Digest, (await _client.PullAsync(registry, "me/mine:1")).Image.Manifest.ToString());
    }

    [Fact]
    public async Task A_registry_without_ranges_is_read_in_one()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { IgnoresRanges = true, SaysNoDigests = true });
        RegistryImage.Add(registry, "me/mine", "1", Large);
        await _client.PullAsync(registry, "me/mine:1");
        Assert.Equal(2, registry.Requests.Count(request => request.Contains("/blobs/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_an_earlier_run_left_is_not_fetched_again_even_if_it_is_wrong()
    {
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "me/mine", "1", Large);
        var digest = Digest.Parse(FakeRegistry.DigestOf(image.Large));
        var partial = IncomingBlob.PathOf(_client.Store.Paths, digest);
        Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
        await File.WriteAllBytesAsync(partial, image.Large[..^70_000], TestContext.Current.CancellationToken);
        await _client.PullAsync(registry, "me/mine:1");
        Assert.Contains(registry.Requests, request => request.EndsWith($"bytes={image.Large.Length - 70_000}-", StringComparison.Ordinal));

        using var other = new Client();
        partial = IncomingBlob.PathOf(other.Store.Paths, digest);
        Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
        await File.WriteAllBytesAsync(partial, new byte[1000], TestContext.Current.CancellationToken);
        Assert.Equal(image.Digest, (await other.PullAsync(registry, "me/mine:1")).Image.Manifest.ToString());
    }

    [Fact]
    public async Task Dockers_manifest_becomes_one_that_every_tool_of_the_OCI_reads()
    {
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "me/mine", "1", docker: true);
        var pulled = await _client.PullAsync(registry, "me/mine:1");
        Assert.Equal(image.Digest, pulled.Registry.ToString());
        Assert.NotEqual(image.Digest, pulled.Image.Manifest.ToString());
        var store = new Images.Store.ImageStore(_client.Store.Paths);
        Assert.Equal(pulled.Image.Manifest, store.Find($"{registry.Name}/me/mine@{image.Digest}").Manifest);
        Assert.DoesNotContain("docker", File.ReadAllText(_client.Layout.BlobPath(pulled.Image.Manifest)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_gives_the_image_of_this_machine()
    {
        using var registry = new FakeRegistry();
        var amd = RegistryImage.Add(registry, "me/mine", "amd", 1000);
        var arm = RegistryImage.Add(registry, "me/mine", "arm", 2000, architecture: "arm64");
        registry.AddManifest(
            "me/mine",
            "both",
            RegistryImage.Index,
            $$"""{"schemaVersion":2,"manifests":[{{Entry(arm, "arm64", "linux")}},{{Entry(amd, "unknown", "unknown")}},{{Entry(amd, "amd64", "linux")}}]}"""
        );
        Assert.Equal(amd.Digest, (await _client.PullAsync(registry, "me/mine:both")).Image.Manifest.ToString());
        var other = await _client.PullAsync(registry, "me/mine:both", ImagePlatform.Parse("linux/aarch64"));
        Assert.Equal(arm.Digest, other.Image.Manifest.ToString());
        var failure = await Assert.ThrowsAsync<Platform.Errors.TorchyardException>(() =>
            _client.PullAsync(registry, "me/mine:both", ImagePlatform.Parse("s390x"))
        );
        Assert.Equal("TY6010", failure.Code);
        Assert.Contains("for linux/arm64, linux/amd64", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_was_pulled_by_its_digest_is_found_by_it()
    {
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "me/mine", "1");
        var pulled = await _client.PullAsync(registry, $"me/mine@{image.Digest}");
        Assert.Empty(pulled.Image.Names);
        Assert.Equal(image.Digest, new Images.Store.ImageStore(_client.Store.Paths).Find($"x/mine@{image.Digest}").Manifest.ToString());
    }

    [Fact]
    public async Task An_image_of_another_machine_alone_is_warned_of()
    {
        using var registry = new FakeRegistry();
        RegistryImage.Add(registry, "me/mine", "1", architecture: "s390x");
        var progress = new RecordingProgress();
        using var client = new Client { Progress = progress };
        await client.PullAsync(registry, "me/mine:1");
        Assert.Contains("linux/s390x", Assert.Single(progress.Warnings), StringComparison.Ordinal);
    }

    private static string Entry(RegistryImage image, string architecture, string os) =>
        $$$"""{"mediaType":"{{{RegistryImage.Manifest}}}","digest":"{{{image.Digest}}}","size":{{{image.Content.Length}}},"platform":{"architecture":"{{{architecture}}}","os":"{{{os}}}"}}""";
}
