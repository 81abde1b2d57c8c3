using System.Text;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Registry.Pushing;
using Torchyard.Registry.References;
using Torchyard.Registry.Referrers;
using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests.Referrers;

/// <summary>Bill of materials and lock of an image go where it goes, in registries with a list of what is attached and without.</summary>
public sealed class AttachedTests : IDisposable
{
    private readonly Client _client = new();
    private readonly FakeRegistry _origin = new();
    private readonly string _image;

    public AttachedTests() => _image = RegistryImage.Add(_origin, "me/mine", "1").Digest;

    public void Dispose()
    {
        _origin.Dispose();
        _client.Dispose();
    }

    [Theory]
    // A registry with a list; none (distribution 2); quay/quay#3071; goharbor/harbor#18305.
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(400)]
    [InlineData(401)]
    public async Task What_is_attached_goes_along_and_comes_back(int status)
    {
        using var registry = new FakeRegistry(new RegistryQuirks { ReferrersStatus = status });
        await PushAsync(registry);
        Assert.Equal(status != 200, registry.Manifests.ContainsKey($"team/theirs:sha256-{_image[7..]}"));

        using var other = new Client();
        await other.PullAsync(registry, "team/theirs:1");
        Assert.Equal(2, await AttachedAsync(other, registry));
        Assert.Equal(
            [MediaTypes.Lock, MediaTypes.Spdx],
            StoredReferrers.Of(other.Layout, Digest.Parse(_image)).Select(entry => entry.ArtifactType).OrderDescending()
        );
    }

    [Fact]
    public async Task A_second_push_keeps_what_others_attached()
    {
        using var registry = new FakeRegistry();
        var theirs = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.Manifest}}","artifactType":"x/y"}""";
        var digest = registry.AddManifest("team/theirs", "x", MediaTypes.Manifest, theirs);
        registry.AddManifest(
            "team/theirs",
            $"sha256-{_image[7..]}",
            MediaTypes.Index,
            $$"""{"schemaVersion":2,"manifests":[{"mediaType":"{{MediaTypes.Manifest}}","digest":"{{digest}}","size":{{theirs.Length}},"artifactType":"x/y"}]}"""
        );
        await PushAsync(registry);
        await PushAsync(registry);
        var list = OciJson.Deserialize<OciIndex>(registry.Manifests[$"team/theirs:sha256-{_image[7..]}"].Content, "list");
        Assert.Equal(["x/y", MediaTypes.Spdx, MediaTypes.Lock], list.Manifests.Select(entry => entry.ArtifactType));
    }

    [Fact]
    public async Task A_tag_that_gives_the_image_itself_is_not_a_list()
    {
        // oras-project/oras-go#1396: GitLab reads sha256-HEX as the digest.
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "me/mine", "1");
        registry.AddManifest("me/mine", $"sha256-{image.Digest[7..]}", RegistryImage.Manifest, image.Content);
        await _client.PullAsync(registry, "me/mine:1");
        Assert.Equal(0, await AttachedAsync(_client, registry, "me/mine", image.Digest));
    }

    [Fact]
    public async Task An_artifact_of_another_image_is_refused()
    {
        using var registry = new FakeRegistry();
        await PushAsync(registry);
        var other = RegistryImage.Add(registry, "team/theirs", "other", 2000);
        registry.Manifests[$"team/theirs:sha256-{other.Digest[7..]}"] = registry.Manifests[$"team/theirs:sha256-{_image[7..]}"];
        using var second = new Client();
        await second.PullAsync(registry, "team/theirs:other");
        var failure = await Assert.ThrowsAsync<Platform.Errors.TorchyardException>(() =>
            AttachedAsync(second, registry, "team/theirs", other.Digest)
        );
        Assert.Equal("TY6007", failure.Code);
        Assert.Empty(StoredReferrers.Of(second.Layout, Digest.Parse(other.Digest)));
    }

    [Fact]
    public async Task A_lock_that_came_from_a_registry_makes_nothing()
    {
        using var registry = new FakeRegistry();
        await PushAsync(registry);
        using var other = new Client();
        await other.PullAsync(registry, "team/theirs:1");
        await AttachedAsync(other, registry);
        var entry = Assert.Single(other.Layout.ReadIndex().Manifests, entry => entry.MediaType == MediaTypes.Index);
        Assert.Equal(registry.Name, entry.Annotations![OciLayout.PulledAnnotation]);
        Assert.Null(new Images.Store.ImageStore(other.Store.Paths).LockOf(Digest.Parse(_image)));
    }

    private Task<int> AttachedAsync(Client client, FakeRegistry registry) => AttachedAsync(client, registry, "team/theirs", _image);

    private static async Task<int> AttachedAsync(Client client, FakeRegistry registry, string repository, string image)
    {
        using var connection = await client.ConnectAsync(registry, repository);
        return await new AttachedPull(client.Store.Paths, connection).RunAsync(
            Digest.Parse(image),
            repository,
            TestContext.Current.CancellationToken
        );
    }

    private async Task PushAsync(FakeRegistry registry)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var image = (await _client.PullAsync(_origin, "me/mine:1")).Image;
        await AttachAsync(image.Manifest, cancellation);
        var reference = ImageReference.Parse($"{registry.Name}/team/theirs:1");
        using var connection = await _client.ConnectAsync(registry, reference.Repository);
        await new ImagePush(_client.Store.Paths, connection, _client.Progress).RunAsync(image, reference, cancellation);
        Assert.Equal(
            2,
            await new AttachedPush(_client.Store.Paths, connection).RunAsync(image.Manifest, reference.Repository, cancellation)
        );
    }

    private async Task AttachAsync(Digest image, CancellationToken cancellation)
    {
        var layout = _client.Layout;
        var empty = layout.WriteDocument("{}"u8.ToArray(), MediaTypes.Empty);
        var subject = new OciDescriptor
        {
            MediaType = MediaTypes.Manifest,
            Digest = image,
            Size = layout.ReadDocument(image).Length,
        };
        var artifacts = new[] { MediaTypes.Spdx, MediaTypes.Lock }.Select(type =>
            layout.WriteDocument(
                OciJson.Serialize(
                    new OciManifest
                    {
                        ArtifactType = type,
                        Config = empty,
                        Layers = [layout.WriteDocument(Encoding.UTF8.GetBytes("content of " + type), type)],
                        Subject = subject,
                    }
                ),
                MediaTypes.Manifest
            ) with
            {
                ArtifactType = type,
            }
        );
        var list = layout.WriteDocument(OciJson.Serialize(new OciIndex { Manifests = [.. artifacts] }), MediaTypes.Index) with
        {
            Annotations = new(StringComparer.Ordinal) { [OciLayout.NameAnnotation] = ImageText.ReferrersTag(image) },
        };
        await layout.ChangeIndexAsync(entries => [.. entries.Where(entry => entry.MediaType != MediaTypes.Index), list], cancellation);
    }
}
