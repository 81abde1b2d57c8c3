using System.Globalization;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sandbox;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>
/// The layers of the Python distributions of a lock. Wheel layers need nothing of the base system and are made while its packages are
/// still configured; the last one, with the environment and the bytecode, needs all.
/// </summary>
internal sealed class PythonLayers(OciLayout layout, LayerCache cache, Packing packing, string directory)
{
    // The environment's own layer is one of the budget.
    private const int Budget = 24;

    /// <summary>Makes the wheel layers, largest first, on all cores.</summary>
    /// <param name="locked">The lock's Python part.</param>
    /// <param name="debianPackages">Names of the Debian packages of the image.</param>
    /// <param name="files">Checked file of each wheel, once it is there: its layer is begun then.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2501, TY2502, TY2510, TY2511.</exception>
    /// <exception cref="Torchyard.Images.Errors.DamagedPackageException">A file of the cache is not the one that the lock
    /// names.</exception>
    internal async Task<IReadOnlyList<MadeLayer>> MakeAsync(
        LockedPython locked,
        IEnumerable<string> debianPackages,
        IReadOnlyDictionary<LockedPythonPackage, Task<string>> files,
        IProgressSink progress,
        CancellationToken cancellation
    )
    {
        WheelConflicts.CheckCudnn(locked.Packages.Select(package => package.Name), locked, debianPackages);
        var cached = new CachedWheels(files);
        using var task = progress.Begin("Installing Python packages", locked.Packages.Sum(package => package.Size));
        using var wheels = new WheelsOnTheirWay(locked, cached);
        using var layers = new WheelLayers(layout, cache, packing, directory, cached, task, cancellation);
        var planned = await ReadAsync(wheels, layers, cancellation);
        foreach (var warning in planned.SelectMany(wheel => wheel.Plan.Wheel.Warnings))
        {
            progress.Warn(warning);
        }

        var plans = planned.ToDictionary(wheel => wheel.Package.Name, wheel => wheel.Plan, StringComparer.Ordinal);
        foreach (var collision in WheelConflicts.Check(plans, locked))
        {
            progress.Warn($"{collision.Loser} and {collision.Winner} both install {collision.Path}; that of {collision.Winner} is taken");
        }

        var leftOut = WheelLayers.LeftOut(planned, locked);
        var made = await layers.FinishAsync([.. WheelGrouping.Group(planned, Budget).Select(group => WheelLayerWork.Of(group, leftOut))]);
        task.Done(
            string.Create(CultureInfo.InvariantCulture, $"{Count.Of(planned.Count, "distribution")} in {Count.Of(made.Count, "layer")}")
        );
        return made;
    }

    private static async Task<IReadOnlyList<PlannedWheel>> ReadAsync(
        WheelsOnTheirWay wheels,
        WheelLayers layers,
        CancellationToken cancellation
    )
    {
        try
        {
            return await wheels.ReadAsync(Budget, work => layers.Begin(work), layers.Ending);
        }
        catch (OperationCanceledException) when (layers.Ending.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // A layer that was begun early has failed; nothing else is waited for.
            await layers.WhenBegunAsync();
            throw;
        }
    }

    /// <summary>Makes the environment's own layer, over everything else.</summary>
    /// <param name="locked">The lock's Python part.</param>
    /// <param name="below">Key of everything below it.</param>
    /// <param name="lower">Wheel layers and base system, top first.</param>
    /// <param name="sandbox">Runs the interpreter.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<MadeLayer> FinishAsync(
        LockedPython locked,
        Digest below,
        IReadOnlyList<string> lower,
        IRootSandbox sandbox,
        CancellationToken cancellation
    )
    {
        var history = $"python virtual environment {LockedPython.VenvPath} with bytecode for Python {locked.Interpreter}";
        var key = BuildKey.Of("venv system-site-packages", [packing.Key, below.Hex, locked.Interpreter]);
        if (MadeLayer.Find(cache, key, history) is { } cached)
        {
            return cached;
        }

        var upper = await new VenvStage(sandbox).RunAsync(locked, lower, Path.Combine(directory, "venv"), cancellation);
        var packed = await Task.Run(
            () =>
            {
                // Everything here was made by this build: one fixed time for all of it.
                var entries = OverlayTree.List(upper, WheelLayerFile.ModifiedAt, since: 0);
                OverlayTree.Settle(upper, entries);
                using var content = Torchyard.Images.Files.RootDirectory.Open(upper);
                return LayerPacker.Pack(entries, content, layout, packing.Settings, cancellation);
            },
            cancellation
        );
        return new MadeLayer(key, new ImageLayer(packed, history), upper, IsCached: false);
    }
}
