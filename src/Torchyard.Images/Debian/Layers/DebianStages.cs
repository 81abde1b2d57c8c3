using System.Globalization;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Layers;
using Torchyard.Images.Sources;
using Torchyard.Packages.Nvidia;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Layers;

/// <summary>
/// The stages of a build: unpacking, which configuring waits for, begins for all of them at once; a stage is configured when its layers and
/// all below them are in place.
/// </summary>
/// <param name="context">The build.</param>
/// <param name="files">The package files, on their way.</param>
/// <param name="python">Compiles modules; null when no package has an interpreter.</param>
internal sealed class DebianStages(LayerContext context, PackageFiles files, PythonCompiler? python)
{
    private readonly PackageLayers _layers = new(context, files, python);
    private readonly FileLists _lists = new();
    private InstalledFiles? _installed;
    private readonly HashSet<string> _planned = new(StringComparer.Ordinal);

    /// <summary>Begins to unpack, and plans the layers.</summary>
    /// <param name="stages">Packages of each stage.</param>
    /// <param name="times">Time of each package.</param>
    internal IReadOnlyList<LayerPlan> Plan(
        IReadOnlyList<IReadOnlyList<LockedDebianPackage>> stages,
        IReadOnlyDictionary<LockedDebianPackage, long> times
    )
    {
        var budget = Math.Max(0, context.Locked.Recipe.Image.LayerBudget - stages.Count);
        var plans = new List<LayerPlan>();
        long epoch = 0;
        for (var index = 0; index < stages.Count; index++)
        {
            var urgency = index;
            epoch = Math.Min(context.Locked.SourceDateEpoch, Math.Max(epoch, stages[index].Max(package => times[package])));
            var stage = new Stage(
                index,
                epoch,
                [.. LayerGrouping.Group(stages[index], ref budget).Select(packages => _layers.Begin(packages, urgency))]
            );
            plans.AddRange(stage.Layers.Select(layer => new LayerPlan(below => PlaceAsync(layer, stage, below))));
            plans.Add(new LayerPlan(below => ConfigureAsync(stage, below)) { Brings = [.. stages[index].Select(package => package.Name)] });
        }

        return plans;
    }

    private async Task<PlacedLayer> PlaceAsync(PackageLayer layer, Stage stage, LayerStack below)
    {
        var unpacked = await layer.Unpacked;
        if (context.Locked is { Base: { } image, Recipe.Base.Image: { } name })
        {
            // The first layer of packages lies directly on those of the image.
            _installed ??= context.Own(new InstalledFiles(name, image.Packages, below.Roots));
            foreach (var package in unpacked.Packages)
            {
                _installed.Require(package, layer.Root);
            }
        }

        _planned.UnionWith(layer.Modules.Select(module => module.Name));
        stage.Shared.AddRange(_lists.Add(unpacked.Packages, layer.Root, unpacked.Contended));
        return new PlacedLayer(layer.Key, layer.Root, _layers.FinishAsync(layer));
    }

    private async Task<PlacedLayer> ConfigureAsync(Stage stage, LayerStack below)
    {
        var key = DebianKey.Stage(below.Keys.First(), below.Keys.Skip(1), stage.Epoch, context.Packing);
        var packages = stage.Layers.SelectMany(layer => layer.Unpacked.Result.Packages).ToList();
        var history = string.Create(
            CultureInfo.InvariantCulture,
            $"dpkg --configure -a, stage {stage.Index + 1}: {Count.Of(packages.Count, "package")}"
        );
        var placed = MadeLayer.Find(context.Cache, key, history) is { } cached
            ? context.Place(cached)
            : context.PlaceUpper(key, await RunAsync(stage, packages, below), stage.Epoch, history);
        _lists.Update(placed.Root);
        return placed with { Epoch = stage.Epoch, CoversBelow = true };
    }

    private Task<string> RunAsync(Stage stage, List<UnpackedPackage> packages, LayerStack below)
    {
        var earlier = below.Roots.Skip(below.Uncovered.Count).ToList();
        // In place before the package that would fetch it is configured, and before ldconfig looks for libraries.
        var cudnn = below.Uncovered.FirstOrDefault(layer => layer.Beneath == CudnnInstaller.Package)?.Files ?? [];
        return new ConfigureStage(context.Sandbox, python, context.Timings) { Tell = context.Progress.Note }.RunAsync(
            [.. packages.OrderBy(package => package.InfoName, StringComparer.Ordinal)],
            upper => new SharedFiles(upper, earlier, _lists, packages, stage.Shared, new PackageContents(files.FileOf)),
            below.Roots,
            cudnn,
            context.NewDirectory("stage"),
            stage.Epoch,
            _planned,
            context.Cancellation
        );
    }

    /// <summary>A stage on its way.</summary>
    /// <param name="Index">Its number, from 0.</param>
    /// <param name="Epoch">Time of everything that configuring makes.</param>
    /// <param name="Layers">Its layers of packages.</param>
    private sealed record Stage(int Index, long Epoch, IReadOnlyList<PackageLayer> Layers)
    {
        /// <summary>Places that its packages want together with others.</summary>
        public List<string> Shared { get; } = [];
    }
}
