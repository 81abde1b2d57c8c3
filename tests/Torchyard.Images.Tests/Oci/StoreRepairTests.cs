using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Reporting;

namespace Torchyard.Images.Tests.Oci;

public sealed class StoreRepairTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    public StoreRepairTests() => Requires.Root("needs root for whiteouts and owners");

    private ImageStore Images => new(_store.Paths);

    private StoreRepair Repair => new(_store.Paths);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task A_changed_mounted_layer_is_taken_away_and_extracted_again()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        File.WriteAllText(Path.Combine(_store.Paths.Layers, image.DiffIds[1].Hex, "usr/share/1"), "twO");

        var plan = Repair.Begin(Validate(), _ => null);
        Assert.True(new MountedLayers(_store.Paths).IsMissing(image));
        await new MountedLayers(_store.Paths).EnsureAsync(image, SilentProgress.Instance, Cancellation);

        Assert.Empty(plan.Images);
        Assert.Empty(plan.Kept);
        Assert.Empty(Validate());
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Temporary, "removed-*"));
    }

    [Theory]
    [InlineData("remove usr/share")]
    [InlineData("add a file named .wh.x")]
    public async Task Half_a_mounted_layer_is_found_too(string how)
    {
        var image = await SmallImage.AddAsync(_store, "small");
        var layer = Path.Combine(_store.Paths.Layers, image.DiffIds[0].Hex);
        if (how.StartsWith("remove", StringComparison.Ordinal))
        {
            Directory.Delete(Path.Combine(layer, "usr/share"), recursive: true);
        }
        else
        {
            File.WriteAllText(Path.Combine(layer, ".wh.x"), "");
        }

        var problem = Assert.Single(Validate());

        Assert.Equal((StoreProblemKind.MountedLayer, image.DiffIds[0]), (problem.Kind, problem.Digest!.Value));
    }

    [Fact]
    public async Task A_layer_under_a_running_container_stays()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        File.WriteAllText(Path.Combine(_store.Paths.Layers, image.DiffIds[1].Hex, "usr/share/1"), "twO");

        var plan = Repair.Begin(Validate(), layer => layer == image.DiffIds[1] ? "container web" : null);

        Assert.Contains("container web", Assert.Single(plan.Kept), StringComparison.Ordinal);
        Assert.False(new MountedLayers(_store.Paths).IsMissing(image));
    }

    [Fact]
    public async Task A_damaged_blob_that_an_image_needs_stays_until_it_is_made_again_and_builds_forget_it()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        var key = Assert.Single(Directory.GetFiles(Path.Combine(_store.Paths.Root, "build/layers")), file =>
            File.ReadAllText(file).Contains(image.Layers[0].Hex, StringComparison.Ordinal)
        );
        Flip(image.Layers[0]);

        var plan = Repair.Begin(Validate(), _ => null);

        Assert.Equal([image.Manifest], plan.Images);
        Assert.True(File.Exists(Blob(image.Layers[0])));
        Assert.False(File.Exists(key));
        Assert.Single(Directory.GetFiles(Path.Combine(_store.Paths.Root, "build/layers")));
        // The same content again, and the store is sound.
        await SmallImage.AddAsync(_store, "small");
        Assert.Empty(Validate());
    }

    [Fact]
    public async Task A_damaged_blob_that_nothing_needs_is_deleted()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        await Images.RemoveAsync("small", _ => null, force: false, Cancellation);
        Flip(image.Layers[0]);

        Assert.Empty(Repair.Begin(Validate(), _ => null).Images);

        Assert.False(File.Exists(Blob(image.Layers[0])));
        Assert.Empty(Validate());
    }

    [Fact]
    public async Task Damaged_documents_are_written_again_by_the_next_build()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        foreach (
            var document in Directory
                .GetFiles(Path.Combine(_store.Paths.Oci, "blobs/sha256"))
                .Where(file => !image.Layers.Any(layer => file.EndsWith(layer.Hex, StringComparison.Ordinal)))
        )
        {
            var content = File.ReadAllBytes(document);
            content[content.Length / 2] ^= 4;
            File.WriteAllBytes(document, content);
        }

        Assert.False(Images.IsComplete(image.Manifest));
        Assert.NotEmpty(Validate());
        await SmallImage.AddAsync(_store, "small");

        Assert.True(Images.IsComplete(image.Manifest));
        Assert.Empty(Validate());
    }

    [Fact]
    public async Task An_image_with_a_damaged_manifest_is_told_of_beside_the_others_and_can_be_removed()
    {
        var bad = await SmallImage.AddAsync(_store, "bad");
        var good = await SmallImage.AddAsync(_store, "good", text: "another");
        Flip(bad.Manifest);
        var told = new List<string>();

        var listed = Images.List(
            (digest, names, trouble) => told.Add($"{digest.Hex == bad.Manifest.Hex} {names.Single()} {trouble.Length > 0}")
        );
        var removed = await Images.RemoveAsync("bad", _ => null, force: false, Cancellation);

        Assert.Equal(good.Manifest, Assert.Single(listed).Manifest);
        Assert.Equal(["True bad:latest True"], told);
        Assert.Equal(bad.Manifest, removed);
        Assert.Equal(good.Manifest, Assert.Single(Images.List()).Manifest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:12\"}]}")]
    public async Task An_index_that_cannot_be_read_is_written_again_from_its_copy(string text)
    {
        var image = await SmallImage.AddAsync(_store, "small");
        var index = Path.Combine(_store.Paths.Oci, "index.json");
        var before = File.ReadAllText(index);
        File.WriteAllText(index, text);

        Assert.Contains(Validate(), problem => problem.Kind == StoreProblemKind.Index);
        Assert.Equal(image.Manifest, Images.Find("small").Manifest);
        using var use = await Images.BeginUseAsync(SilentProgress.Instance, Cancellation);

        Assert.Equal(before, File.ReadAllText(index));
        Assert.Empty(Validate());
    }

    [Fact]
    public async Task The_lock_of_an_image_is_found_even_when_its_manifest_is_damaged()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        Flip(image.Manifest);

        Assert.Equal("small", Images.LockOf(image.Manifest)?.Recipe.Name);
        Assert.Null(Images.LockOf(Digest.Of("no image"u8)));
    }

    [Fact]
    public async Task A_file_of_the_package_cache_is_removed()
    {
        await SmallImage.AddAsync(_store, "small");
        var file = Digest.Of("package"u8);
        var path = Path.Combine(_store.Paths.Packages, "sha256", file.Hex[..2], file.Hex);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "other");

        Repair.Begin([new StoreProblem(StoreProblemKind.CachedFile, file, "")], _ => null);

        Assert.False(File.Exists(path));
    }

    private IReadOnlyList<StoreProblem> Validate() => Images.Validate(SilentProgress.Instance, Cancellation);

    private string Blob(Digest digest) => Path.Combine(_store.Paths.Oci, "blobs/sha256", digest.Hex);

    private void Flip(Digest blob)
    {
        var content = File.ReadAllBytes(Blob(blob));
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(Blob(blob), content);
    }
}
