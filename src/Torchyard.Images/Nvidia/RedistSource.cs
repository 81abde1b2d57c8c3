using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Images.Tar;
using Torchyard.Images.Timings;
using Torchyard.Packages.Nvidia;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Nvidia;

/// <summary>One archive of NVIDIA's redistributable indexes: a layer of what its component says.</summary>
/// <param name="fetcher">Gives the archive; null when nothing is built.</param>
internal abstract class RedistSource(IRedistFetcher? fetcher) : ILayerSource
{
    /// <inheritdoc />
    public abstract LayerOrder Order { get; }

    /// <inheritdoc />
    public virtual string? Beneath => null;

    /// <summary>Its name in keys, bills of materials and on the command line.</summary>
    protected abstract string Name { get; }

    /// <summary>Its name for people.</summary>
    protected abstract string Title { get; }

    /// <summary>Directory of <c>/usr/share/doc</c> that has its licence.</summary>
    protected abstract string Documentation { get; }

    /// <summary>What the lock has of it; null for nothing.</summary>
    protected abstract LockedRedist? In(RecipeLock locked);

    /// <summary>Says what the layer is made of.</summary>
    protected abstract Task<RedistContent> ContentAsync(LayerContext context);

    /// <summary>Why the lock has it, one sentence each.</summary>
    protected abstract IEnumerable<string> Facts(RecipeLock locked);

    /// <inheritdoc />
    public bool IsIn(RecipeLock locked) => In(locked) is not null;

    /// <inheritdoc />
    public IEnumerable<LockedFile> Files(RecipeLock locked, Func<LockedFile, bool> isCached) =>
        In(locked) is { } archive
            ?
            [
                new LockedFile
                {
                    Name = Title,
                    Version = archive.Version,
                    FileName = archive.FileName,
                    Size = archive.Size,
                    Sha256 = archive.Sha256,
                    Origin = archive.Url,
                },
            ]
            : [];

    /// <inheritdoc />
    public virtual void Require(RecipeLock locked) { }

    /// <inheritdoc />
    public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        // It needs nothing of the layers below, and is made while they are.
        var layer = await MakeAsync(context);
        return [new LayerPlan(_ => Task.FromResult(context.Place(layer)))];
    }

    /// <inheritdoc />
    public SourceSoftware Software(RecipeLock locked)
    {
        var archive = In(locked)!;
        var license = "LicenseRef-NVIDIA-" + Title;
        return new SourceSoftware([
            new SpdxPackage(null, Name, archive.Version)
            {
                Id = "SPDXRef-" + Name,
                Supplier = "Organization: NVIDIA",
                DownloadLocation = archive.Url,
                License = license,
                Sha256 = archive.Sha256,
            },
        ])
        {
            Licenses =
            [
                new(license, $"NVIDIA's licence of {Title}", $"See /usr/share/doc/{Documentation}/LICENSE in the image.", archive.License),
            ],
        };
    }

    /// <inheritdoc />
    public LayerReason? Explain(RecipeLock locked, string name) =>
        name == Name && In(locked) is { } archive
            ? new LayerReason($"{Name} {archive.Version}", "nvidia", [], [.. Facts(locked)]) { Title = "NVIDIA" }
            : null;

    private async Task<MadeLayer> MakeAsync(LayerContext context)
    {
        var archive = In(context.Locked)!;
        var content = await ContentAsync(context);
        var key = BuildKey.Of(Name, [context.Packing.Key, archive.Sha256.Hex, archive.Version, .. content.Parts]);
        var history = $"{content.History}, under the licence {archive.License}";
        if (MadeLayer.Find(context.Cache, key, history) is { } cached)
        {
            return cached;
        }

        var file = await (fetcher ?? throw new InvalidOperationException($"a lock with {Title} needs a fetcher of it")).FetchAsync(
            archive,
            context.Cancellation
        );
        var directory = Directory.CreateDirectory(context.NewDirectory(Name)).FullName;
        using var root = RootDirectory.Open(directory);
        var entries = LayerTree.Merge(context.Timings.Measure(BuildWork.Unpack, archive.Title, () => content.Unpack(file, root)));
        LayerTree.FinishDirectories(root, entries);
        var packed = LayerPacker.Pack(
            entries,
            root,
            context.Layout,
            context.Packing.Settings,
            context.Cancellation,
            context.Timings,
            archive.Title
        );
        return new MadeLayer(key, new ImageLayer(packed, history), directory, IsCached: false);
    }

    /// <summary>What the layer of an archive is made of.</summary>
    /// <param name="History">The line of history, without the licence.</param>
    /// <param name="Parts">What decides the layer beside the archive.</param>
    /// <param name="Unpack">Unpacks the archive's file below a directory.</param>
    protected sealed record RedistContent(string History, IReadOnlyList<string> Parts, Func<string, RootDirectory, List<TarEntry>> Unpack);
}
