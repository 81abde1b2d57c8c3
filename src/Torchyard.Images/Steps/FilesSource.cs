using System.Globalization;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Images.Timings;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Steps;

/// <summary>The files of the project that the recipe puts into the image, <c>[[files]]</c>: one layer upon all packages.</summary>
/// <param name="fetcher">Gives the files; null when nothing is built.</param>
internal sealed class FilesSource(ProjectFileFetcher? fetcher) : ILayerSource
{
    /// <inheritdoc />
    public LayerOrder Order => LayerOrder.Steps;

    /// <inheritdoc />
    public bool IsIn(RecipeLock locked) => locked.Files.Count > 0;

    /// <inheritdoc />
    // What the cache lacks is in the project, so that nothing is ever to be fetched.
    public IEnumerable<LockedFile> Files(RecipeLock locked, Func<LockedFile, bool> isCached) => locked.Files.Select(FileOf).Where(isCached);

    /// <inheritdoc />
    public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        var places = new Dictionary<Digest, string>();
        foreach (var file in context.Locked.Files.DistinctBy(file => file.Sha256))
        {
            places[file.Sha256] = await (
                fetcher ?? throw new InvalidOperationException("a lock with files of the project needs a fetcher of them")
            ).FetchAsync(file, context.Cancellation);
        }

        return [new LayerPlan(below => Task.FromResult(Place(below, context, places)))];
    }

    /// <inheritdoc />
    public SourceSoftware Software(RecipeLock locked) =>
        new([
            .. locked.Files.Select(file => new SpdxPackage(null, file.Target, file.Sha256.Hex[..12])
            {
                Id = SpdxPackage.IdOf("file", file.Target),
                SourceInfo = $"the file {file.Source} of the project",
                Sha256 = file.Sha256,
            }),
        ]);

    /// <inheritdoc />
    public LayerReason? Explain(RecipeLock locked, string name) =>
        locked.Files.FirstOrDefault(file => file.Target == name || file.Source == name) is { } file
            ? new LayerReason(
                file.Target,
                "file",
                [],
                [
                    $"[[files]] of the recipe has {file.Source}",
                    $"{ByteSize.Decimal(file.Size)}, mode {FilesSetting.Text(file.Mode)}, SHA-256 {file.Sha256.Hex}",
                ]
            )
            {
                Title = "a file of the project",
            }
            : null;

    private static LockedFile FileOf(LockedProjectFile file) =>
        new()
        {
            Name = file.Source,
            Version = file.Sha256.Hex[..12],
            FileName = Path.GetFileName(file.Source),
            Size = file.Size,
            Sha256 = file.Sha256,
            Kind = "of the project",
            InstalledSize = file.Size,
        };

    private static PlacedLayer Place(LayerStack below, LayerContext context, Dictionary<Digest, string> places)
    {
        var files = context.Locked.Files;
        var epoch = below.Epoch;
        // Where a target leads depends on links of all layers below.
        var key = BuildKey.Of(
            "files",
            [
                context.Packing.Key,
                epoch.ToString(CultureInfo.InvariantCulture),
                .. below.Keys,
                .. files.Select(file => $"{file.Sha256.Hex} {FilesSetting.Text(file.Mode)} {file.Target}"),
            ]
        );
        var history = $"files of the project: {files[0].Target}{(files.Count > 1 ? $" and {files.Count - 1} more" : "")}";
        var placed = MadeLayer.Find(context.Cache, key, history) is { } cached
            ? context.Place(cached)
            : context.PlaceUpper(
                key,
                context.Timings.Measure(BuildWork.Unpack, history, () => Write(below, context, places, epoch)),
                epoch,
                history
            );
        return placed with { CoversBelow = true };
    }

    private static string Write(LayerStack below, LayerContext context, Dictionary<Digest, string> places, long epoch)
    {
        var directory = Directory.CreateDirectory(context.NewDirectory("files")).FullName;
        using var upper = new UpperDirectory(directory, below.Roots);
        foreach (var file in context.Locked.Files)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var path = PlaceIn(upper, file);
            using var content = new VerifiedContent(places[file.Sha256], file);
            upper.Write(path, content.Read, file.Mode, 0, 0, epoch);
            if (content.HasKey)
            {
                context.Progress.Note(
                    $"{file.Target} of the image is a private key, {file.Source} of the project: whoever has the image has the key"
                );
            }
        }

        return directory;
    }

    /// <summary>Where a file goes: directories lead where they lead in the image, and a link of the file's own name is replaced.</summary>
    private static string PlaceIn(UpperDirectory upper, LockedProjectFile file)
    {
        var parent = upper.RealDirectory(Path.GetDirectoryName(file.Target)!)
            ?? throw ImageErrors.TargetTaken(file.Source, file.Target, "a part of that path is not a directory");
        var path = $"{parent.TrimEnd('/')}/{Path.GetFileName(file.Target)}";
        if (ImagePlaces.WhyNot(path) is { } why)
        {
            throw ImageErrors.TargetTaken(file.Source, file.Target, $"a link leads from there to {path}, which {why}");
        }

        return upper.Status(path[1..]) is { IsDirectory: true }
            ? throw ImageErrors.TargetTaken(file.Source, file.Target, "the image has a directory there")
            : path[1..];
    }
}
