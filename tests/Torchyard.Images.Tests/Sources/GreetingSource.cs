using System.Text;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Images.Tar;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Sources;

/// <summary>A source that Torchyard does not have: one text file, fetched from nowhere and installed as <c>/etc/greeting</c>.</summary>
internal sealed class GreetingSource(string text) : ILayerSource
{
    private readonly LockedFile _file = new()
    {
        Name = "greeting",
        Version = "1.0",
        FileName = "greeting-1.0.txt",
        Size = text.Length,
        Sha256 = Digest.Of(Encoding.UTF8.GetBytes(text)),
        Origin = "https://greetings.example/greeting-1.0.txt",
    };

    /// <summary>How often it was fetched.</summary>
    public int Fetches { get; private set; }

    public LayerOrder Order => LayerOrder.Additions;

    public bool IsIn(RecipeLock locked) => true;

    public IEnumerable<LockedFile> Files(RecipeLock locked, Func<LockedFile, bool> isCached) => [_file];

    public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        var content = await FetchAsync(context);
        var key = BuildKey.Of("greeting", [context.Packing.Key, _file.Sha256.Hex]);
        var layer = MadeLayer.Find(context.Cache, key, _file.Title) ?? Make(context, key, content);
        return [new LayerPlan(_ => Task.FromResult(context.Place(layer)))];
    }

    public SourceSoftware Software(RecipeLock locked) =>
        new([SpdxPackage.Other(_file.Name, _file.Version) with { DownloadLocation = _file.Origin!, Sha256 = _file.Sha256 }]);

    public LayerReason? Explain(RecipeLock locked, string name) =>
        name == _file.Name ? new LayerReason(_file.Title, "greeting", [], ["somebody has to say it first"]) { Title = "Greetings" } : null;

    private async Task<byte[]> FetchAsync(LayerContext context)
    {
        var path = new CachedFiles(context.Store).PathOf(_file);
        if (!File.Exists(path))
        {
            Fetches++;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text, context.Cancellation);
        }

        var content = await File.ReadAllBytesAsync(path, context.Cancellation);
        return Digest.Of(content) == _file.Sha256 ? content : throw new DamagedPackageException(_file.Title);
    }

    private MadeLayer Make(LayerContext context, Digest key, byte[] content)
    {
        var directory = Directory.CreateDirectory(context.NewDirectory("greeting")).FullName;
        using var root = RootDirectory.Open(directory);
        var entry = new TarEntry
        {
            Name = "etc/greeting",
            Kind = TarKind.File,
            Mode = 0x1A4,
            Size = content.Length,
            ModifiedAt = 1_600_000_000,
        };
        using var source = new MemoryStream(content);
        root.MakeFile(entry.Name, entry.Mode, 0, 0, entry.ModifiedAt, source.Read);
        var entries = LayerTree.Merge([entry]);
        LayerTree.FinishDirectories(root, entries);
        var packed = LayerPacker.Pack(entries, root, context.Layout, context.Packing.Settings, context.Cancellation);
        return new MadeLayer(key, new ImageLayer(packed, _file.Title), directory, IsCached: false);
    }
}
