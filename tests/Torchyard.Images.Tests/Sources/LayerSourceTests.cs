using Torchyard.Images.Build;
using Torchyard.Images.Environments;
using Torchyard.Images.Oci;
using Torchyard.Images.Sources;
using Torchyard.Images.Store;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Testing.Reporting;

namespace Torchyard.Images.Tests.Sources;

/// <summary>What a new source of layers gets without a change anywhere else.</summary>
public sealed class LayerSourceTests : IDisposable
{
    private readonly TemporaryStore _store = new();
    private readonly GreetingSource _greeting = new("good morning\n");

    private static RecipeLock Lock => SourceBench.Lock;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string CachedFile => new CachedFiles(_store.Paths).PathOf(_greeting.Files(Lock, _ => true).Single());

    public LayerSourceTests() => Requires.Root("needs root for owners");

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task It_builds_a_layer_which_the_store_keeps()
    {
        var image = await Builder(_greeting).BuildAsync(Lock, SilentProgress.Instance, Cancellation);

        Assert.Equal(2, image.DiffIds.Count);
        Assert.Equal("good morning\n", File.ReadAllText(Path.Combine(_store.Paths.Layers, image.DiffIds[0].Hex, "etc/greeting")));
        Assert.Empty(new ImageStore(_store.Paths).Validate(SilentProgress.Instance, Cancellation));
        Assert.Equal(["greeting 1.0", EnvironmentLayer.History], Histories(image));

        File.Delete(Directory.GetFiles(Path.Combine(_store.Paths.Build, "images")).Single());
        Assert.Equal(image.Manifest, (await Builder(_greeting).BuildAsync(Lock, SilentProgress.Instance, Cancellation)).Manifest);
        using var other = new TemporaryStore();
        Assert.Equal(
            image.Manifest,
            (
                await Builder(new GreetingSource("good morning\n"), other.Paths).BuildAsync(Lock, SilentProgress.Instance, Cancellation)
            ).Manifest
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_it_began_beside_has_ended_when_the_builds_directory_goes(bool fails)
    {
        var beside = new WorkBeside { Fails = fails };

        var failure = await Record.ExceptionAsync(() => Builder(beside).BuildAsync(Lock, SilentProgress.Instance, Cancellation));

        Assert.Equal(fails, failure is InvalidTimeZoneException);
        Assert.Equal("complete", beside.AtItsEnd);
        Assert.False(Directory.Exists(beside.Directory));
    }

    [Fact]
    public async Task It_is_listed_as_missing_while_its_file_is_not_there()
    {
        var failure = Assert.Throws<TorchyardException>(() => Builder(_greeting).RequireFiles(Lock));
        Assert.Equal("TY2055", failure.Code);
        Assert.Contains("\n  greeting 1.0: greeting-1.0.txt, 13 B", failure.Message, StringComparison.Ordinal);

        await Builder(_greeting).BuildAsync(Lock, SilentProgress.Instance, Cancellation);
        Builder(_greeting).RequireFiles(Lock);
        File.Delete(CachedFile);
        Assert.Throws<TorchyardException>(() => Builder(_greeting).RequireFiles(Lock));
    }

    [Fact]
    public async Task It_is_fetched_again_when_its_file_is_damaged()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(CachedFile)!);
        File.WriteAllText(CachedFile, "good mourning");
        var progress = new RecordingProgress();

        await Builder(_greeting).BuildAsync(Lock, progress, Cancellation);

        Assert.Equal(["Damaged in the package cache, fetched again: greeting 1.0"], progress.Notes);
        Assert.Equal(1, _greeting.Fetches);
        Assert.Equal("good morning\n", File.ReadAllText(CachedFile));
    }

    [Fact]
    public async Task It_is_in_the_bill_of_materials()
    {
        await Builder(_greeting).BuildAsync(Lock, SilentProgress.Instance, Cancellation);

        var bill = Directory
            .GetFiles(Path.Combine(_store.Paths.Oci, "blobs/sha256"))
            .Select(File.ReadAllText)
            .Single(text => text.StartsWith("{\"spdxVersion\"", StringComparison.Ordinal));
        Assert.Contains(
            "\"name\":\"greeting\",\"versionInfo\":\"1.0\",\"downloadLocation\":\"https://greetings.example/greeting-1.0.txt\"",
            bill,
            StringComparison.Ordinal
        );
        Assert.Contains("\"name\":\"torchyard-supervisor\"", bill, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_why_it_is_there()
    {
        var sources = new LayerSources([.. LayerSources.ForQuestions.All, _greeting]);

        Assert.Equal(["greeting 1.0 (Greetings)", "└─ somebody has to say it first"], sources.Explain(Lock, "greeting")!.Lines());
        Assert.Null(sources.Explain(Lock, "farewell"));
    }

    private ImageBuilder Builder(ILayerSource greeting, StorePaths? store = null) =>
        new(store ?? _store.Paths, new NoSandbox(), new LayerSources([new EnvironmentSource(SourceBench.Supervisor), greeting]));

    private IEnumerable<string?> Histories(StoredImage image)
    {
        var layout = new OciLayout(_store.Paths);
        var manifest = OciJson.TryDeserialize<OciManifest>(File.ReadAllBytes(layout.BlobPath(image.Manifest))).Value!;
        return OciJson
            .TryDeserialize<OciImageConfiguration>(File.ReadAllBytes(layout.BlobPath(manifest.Config.Digest)))
            .Value!.History!.Select(line => line.CreatedBy);
    }
}
