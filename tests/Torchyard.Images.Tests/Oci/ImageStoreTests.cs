using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Oci;

public sealed class ImageStoreTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    public ImageStoreTests() => Requires.Root("needs root for whiteouts and owners");

    private ImageStore Images => new(_store.Paths);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task An_image_is_found_by_name_digest_and_first_digits()
    {
        var image = await SmallImage.AddAsync(_store, "small");

        Assert.Equal(["small:latest"], image.Names);
        foreach (var name in new[] { "small", "small:latest", image.Manifest.ToString(), image.Manifest.Hex, image.Manifest.Hex[..8] })
        {
            Assert.Equal(image.Manifest, Images.Find(name).Manifest);
        }

        Assert.Equal("TY3010", Assert.Throws<TorchyardException>(() => Images.Find("other")).Code);
        Assert.Equal(["1000:1000", "/workspace"], [image.Config.User, image.Config.WorkingDir]);
        Assert.Equal(2, Assert.Single(Images.List()).Layers.Count);
    }

    [Fact]
    public async Task A_name_moves_and_the_old_image_goes_with_the_next_prune()
    {
        var old = await SmallImage.AddAsync(_store, "small:1");
        var now = await SmallImage.AddAsync(_store, "small:1", text: "another");
        Assert.NotEqual(old.Manifest, now.Manifest);
        Assert.Equal(now.Manifest, Images.Find("small:1").Manifest);
        await Images.RemoveAsync("small:1", _ => null, force: false, Cancellation);
        Assert.Empty(Images.List());

        var pruned = await Images.PruneAsync(new HashSet<Digest> { now.Manifest }, Cancellation);

        Assert.True(Images.IsComplete(now.Manifest));
        Assert.False(Images.IsComplete(old.Manifest));
        Assert.True(pruned is { Blobs: > 0, Layers: 1 });
        await Images.PruneAsync(new HashSet<Digest>(), Cancellation);
        Assert.False(Images.IsComplete(now.Manifest));
        Assert.Empty(Directory.GetDirectories(_store.Paths.Layers));
    }

    [Fact]
    public async Task An_image_in_use_is_not_removed_without_force()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            Images.RemoveAsync("small", _ => "container web", force: false, Cancellation)
        );
        Assert.Equal("TY3015", error.Code);

        await Images.RemoveAsync(image.Manifest.Hex[..12], _ => "container web", force: true, Cancellation);
        Assert.Empty(Images.List());
    }

    [Fact]
    public async Task Prune_waits_for_builds_and_starts()
    {
        await SmallImage.AddAsync(_store, "small");
        using var stop = new CancellationTokenSource();
        var use = await Images.BeginUseAsync(SilentProgress.Instance, Cancellation);
        var prune = Images.PruneAsync(new HashSet<Digest>(), stop.Token);
        Assert.False(prune.IsCompleted);
        use.Dispose();
        Assert.Equal(0, (await prune).Blobs);
    }

    [Fact]
    public async Task Validate_finds_a_flipped_byte_in_a_blob_and_in_a_mounted_layer()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        Assert.Empty(Images.Validate(SilentProgress.Instance, Cancellation));
        var blob = Path.Combine(_store.Paths.Oci, "blobs/sha256", image.Layers[0].Hex);
        var content = await File.ReadAllBytesAsync(blob, Cancellation);
        content[content.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(blob, content, Cancellation);
        var mounted = Path.Combine(_store.Paths.Layers, image.DiffIds[1].Hex, "usr/share/1");
        await File.WriteAllTextAsync(mounted, "twO", Cancellation);

        var problems = Images.Validate(SilentProgress.Instance, Cancellation);

        Assert.Contains(problems, problem => problem.Kind == StoreProblemKind.Blob && problem.Digest == image.Layers[0]);
        Assert.Contains(problems, problem => problem.Kind == StoreProblemKind.MountedLayer && problem.Digest == image.DiffIds[1]);
    }

    [Theory]
    [InlineData(LayerCompression.Zstd)]
    [InlineData(LayerCompression.Gzip)]
    public async Task A_missing_mounted_form_is_extracted_and_equal_to_the_built_one(LayerCompression compression)
    {
        var image = await SmallImage.AddAsync(_store, "small", compression);
        Directory.Delete(_store.Paths.Layers, recursive: true);

        var directories = await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);

        Assert.Equal([image.DiffIds[1].Hex, image.DiffIds[0].Hex], directories.Select(Path.GetFileName));
        Assert.Equal(image.DiffIds.Reverse(), directories.Select(StoreValidation.DiffIdOf));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Temporary, "build-*"));
    }

    [Fact]
    public async Task A_damaged_blob_is_not_extracted()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        Directory.Delete(_store.Paths.Layers, recursive: true);
        var blob = Path.Combine(_store.Paths.Oci, "blobs/sha256", image.Layers[0].Hex);
        var content = await File.ReadAllBytesAsync(blob, Cancellation);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(blob, content, Cancellation);

        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation)
        );

        Assert.Equal("TY3008", error.Code);
        Assert.False(Directory.Exists(Path.Combine(_store.Paths.Layers, image.DiffIds[0].Hex)));
    }

    [Theory]
    [InlineData("name", "name:latest")]
    [InlineData("name:1.0", "name:1.0")]
    [InlineData("registry.example:5000/team/name:x", "registry.example:5000/team/name:x")]
    [InlineData("Upper", null)]
    [InlineData("a b", null)]
    [InlineData("../up", null)]
    [InlineData("name:", null)]
    public void Names_are_those_of_the_distribution_specification(string text, string? expected) =>
        Assert.Equal(expected, ImageName.TryParse(text, out var name) ? name.ToString() : null);
}
