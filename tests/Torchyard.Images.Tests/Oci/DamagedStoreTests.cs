using System.Text;
using System.Text.Json.Nodes;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;

namespace Torchyard.Images.Tests.Oci;

/// <summary>index.json, documents of images and build records that are damaged, malformed or gone.</summary>
public sealed class DamagedStoreTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    public DamagedStoreTests() => Requires.Root("needs root for whiteouts and owners");

    private ImageStore Images => new(_store.Paths);

    private string Index => Path.Combine(_store.Paths.Oci, "index.json");

    private string Copy => Path.Combine(_store.Paths.Root, "index.copy.json");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Prune_deletes_nothing_when_the_index_is_gone_and_its_copy_is_whole()
    {
        var image = await SmallImage.AddAsync(_store, "small");
        File.Delete(Index);

        Assert.Equal(image.Manifest, Assert.Single(Images.List()).Manifest);
        Assert.Contains(Images.Validate(SilentProgress.Instance, Cancellation), problem => problem.Kind == StoreProblemKind.Index);
        Assert.Equal(0, (await Images.PruneAsync(new HashSet<Digest>(), Cancellation)).Blobs);

        Assert.True(Images.IsComplete(image.Manifest));
        Assert.True(File.Exists(Index));
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[null]}")]
    public async Task A_lost_index_is_made_again_from_the_images_that_are_there(string damage)
    {
        var image = await SmallImage.AddAsync(_store, "small");
        foreach (var file in new[] { Index, Copy })
        {
            File.Delete(file);
            if (damage != "gone")
            {
                File.WriteAllText(file, damage);
            }
        }

        Assert.Equal("TY3053", Assert.Throws<TorchyardException>(() => Images.List()).Code);
        Assert.Equal(
            "TY3053",
            (await Assert.ThrowsAsync<TorchyardException>(() => Images.PruneAsync(new HashSet<Digest>(), Cancellation))).Code
        );
        Assert.Contains(Images.Validate(SilentProgress.Instance, Cancellation), problem => problem.Kind == StoreProblemKind.Index);

        var notes = await new StoreRepair(_store.Paths).MendIndexAsync(Cancellation);

        Assert.Contains(notes, note => note.Contains("small:latest", StringComparison.Ordinal));
        Assert.Equal(image.Manifest, Images.Find("small:latest").Manifest);
        Assert.NotNull(Images.LockOf(image.Manifest));
        Assert.Empty(Images.Validate(SilentProgress.Instance, Cancellation));
        Assert.Equal(0, (await Images.PruneAsync(new HashSet<Digest>(), Cancellation)).Blobs);
    }

    [Fact]
    public async Task Of_a_damaged_index_the_entries_that_can_be_read_keep_their_names()
    {
        var image = await SmallImage.AddAsync(_store, "mine:7");
        foreach (var file in new[] { Index, Copy })
        {
            var document = JsonNode.Parse(File.ReadAllText(file))!;
            document["manifests"]!.AsArray().Add((JsonNode?)null);
            File.WriteAllText(file, document.ToJsonString());
        }

        await new StoreRepair(_store.Paths).MendIndexAsync(Cancellation);

        Assert.Equal(image.Manifest, Images.Find("mine:7").Manifest);
    }

    [Theory]
    [InlineData("""{"schemaVersion":2,"config":null,"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"layers":null}""")]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:CONFIG","size":2},"layers":[null]}""")]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:CONFIG","size":99999999999999999999},"layers":[]}""")]
    [InlineData(
        """{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:CONFIG","size":2},"layers":[{"mediaType":"a","digest":"sha256:CONFIG","size":9223372036854775807},{"mediaType":"a","digest":"sha256:CONFIG","size":9223372036854775807}]}"""
    )]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"a","digest":7,"size":2},"layers":[]}""")]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"a","digest":"md5:0","size":-1},"layers":{}}""")]
    [InlineData(
        """{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:CONFIG","size":2},"layers":[]}""",
        """{"architecture":"amd64","os":"linux","rootfs":null}"""
    )]
    [InlineData(
        """{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:CONFIG","size":2},"layers":[]}""",
        """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[null]}}"""
    )]
    [InlineData(
        """{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:CONFIG","size":2},"layers":[]}""",
        """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["x"]}}"""
    )]
    [InlineData(
        """{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:CONFIG","size":2},"layers":[]}""",
        """{"architecture":"amd64","os":"linux","config":{"Env":[null]},"rootfs":{"type":"layers","diff_ids":[]}}"""
    )]
    public async Task A_malformed_image_stops_no_other_and_can_be_removed(string manifest, string configuration = "{}")
    {
        var good = await SmallImage.AddAsync(_store, "small");
        var layout = new OciLayout(_store.Paths);
        var config = layout.WriteDocument(Encoding.UTF8.GetBytes(configuration), MediaTypes.Config);
        var bad = layout.WriteDocument(
            Encoding.UTF8.GetBytes(manifest.Replace("CONFIG", config.Digest.Hex, StringComparison.Ordinal)),
            MediaTypes.Manifest
        );
        await layout.ChangeIndexAsync(
            entries => [.. entries, bad with { Annotations = new(StringComparer.Ordinal) { [OciLayout.NameAnnotation] = "bad:latest" } }],
            Cancellation
        );
        var damaged = new List<Digest>();

        Assert.Equal(good.Manifest, Assert.Single(Images.List((digest, _, _) => damaged.Add(digest))).Manifest);
        Assert.Equal([bad.Digest], damaged);
        Assert.Equal(good.Manifest, Images.Find("small").Manifest);
        var problems = Images.Validate(SilentProgress.Instance, Cancellation);
        _ = new StoreRepair(_store.Paths).Begin(problems, _ => null);
        Assert.Equal(0, (await Images.PruneAsync(new HashSet<Digest>(), Cancellation)).Layers);
        Assert.True(Images.IsComplete(good.Manifest));

        await Images.RemoveAsync("bad", _ => null, force: false, Cancellation);
        Assert.Single(Images.List());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"diffId\":null}")]
    [InlineData("[]")]
    public async Task A_build_record_without_its_members_is_found_and_costs_a_rebuild_only(string content)
    {
        await SmallImage.AddAsync(_store, "small");
        var record = Directory.GetFiles(BuildRecords.Layers(_store.Paths))[0];
        File.WriteAllText(record, content);
        Assert.True(Digest.TryParse(Path.GetFileNameWithoutExtension(record), out var key));

        Assert.Null(new LayerCache(_store.Paths, new OciLayout(_store.Paths)).Find(key));
        var problem = Assert.Single(Images.Validate(SilentProgress.Instance, Cancellation));
        Assert.Equal(StoreProblemKind.Record, problem.Kind);
        new StoreRepair(_store.Paths).Begin([problem], _ => null);
        Assert.Empty(Images.Validate(SilentProgress.Instance, Cancellation));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_happens_to_records_only_expected_failures_come_of_it(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 25; round++)
        {
            using var store = new TemporaryStore();
            var image = await SmallImage.AddAsync(store, "small");
            var images = new ImageStore(store.Paths);
            var layout = new OciLayout(store.Paths);
            List<string> files =
            [
                Path.Combine(store.Paths.Oci, "index.json"),
                Path.Combine(store.Paths.Root, "index.copy.json"),
                Path.Combine(store.Paths.Oci, "oci-layout"),
                layout.BlobPath(image.Manifest),
                .. Directory.GetFiles(BuildRecords.Layers(store.Paths)),
            ];
            var how = string.Join(
                "; ",
                files.OrderBy(_ => random.Next()).Take(random.Next(1, 4)).Select(file => RecordDamage.Apply(file, random)).ToList()
            );
            try
            {
                Try(() => images.List());
                Try(() => images.Find("small"));
                await TryAsync(async () => (await images.BeginUseAsync(SilentProgress.Instance, Cancellation)).Dispose());
                var repair = new StoreRepair(store.Paths);
                await repair.MendIndexAsync(Cancellation);
                repair.Begin(images.Validate(SilentProgress.Instance, Cancellation), _ => null);
                // The list itself is whole again, whatever became of the image.
                images.List();
                await TryAsync(() => images.PruneAsync(new HashSet<Digest>(), Cancellation));
            }
            catch (Exception failure)
            {
                Assert.Fail($"{how}: {failure}");
            }
        }

        static void Try(Action action)
        {
            try
            {
                action();
            }
            catch (TorchyardException)
            {
                // An expected failure, with a code and a cure.
            }
        }

        static async Task TryAsync(Func<Task> action)
        {
            try
            {
                await action();
            }
            catch (TorchyardException)
            {
                // As above.
            }
        }
    }
}
