using System.Globalization;
using System.Runtime.ExceptionServices;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Wheels;

/// <summary>A Python layer and the directory of its mounted form.</summary>
/// <param name="Key">Key of what it is made from.</param>
/// <param name="Layer">The layer with its line of history.</param>
/// <param name="Root">Its mounted form: in the store when <paramref name="IsCached"/>, else in the build's directory.</param>
/// <param name="IsCached">True when the store had it.</param>
internal sealed record PythonLayer(Digest Key, ImageLayer Layer, string Root, bool IsCached);

/// <summary>
/// The layers of the Python distributions of a lock. Wheel layers need nothing of the base system and are made while its packages are
/// still configured; the last one, with the environment and the bytecode, needs all.
/// </summary>
internal sealed class PythonLayers(OciLayout layout, LayerCache cache, ImageSettings settings, string compressor, string directory)
{
    // The environment's own layer is one of the budget.
    private const int Budget = 24;

    /// <summary>Makes the wheel layers, largest first, on all cores.</summary>
    /// <param name="locked">The lock's Python part.</param>
    /// <param name="debianPackages">Names of the Debian packages of the image.</param>
    /// <param name="files">Verified file of each wheel.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2501, TY2502, TY2510, TY2511.</exception>
    /// <exception cref="Deb.DamagedPackageException">A file of the cache is not the one that the lock names.</exception>
    internal async Task<IReadOnlyList<PythonLayer>> MakeAsync(
        LockedPython locked,
        IEnumerable<string> debianPackages,
        IReadOnlyDictionary<LockedPythonPackage, string> files,
        IProgressSink progress,
        CancellationToken cancellation)
    {
        var cached = new CachedWheels(files);
        var planned = new PlannedWheel?[locked.Packages.Count];
        try
        {
            PlanAll(locked, files, cached, planned);
            var wheels = planned.OfType<PlannedWheel>().ToList();
            foreach (var warning in wheels.SelectMany(wheel => wheel.Plan.Wheel.Warnings))
            {
                progress.Warn(warning);
            }

            WheelConflicts.CheckCudnn(locked.Packages.Select(p => p.Name), locked, debianPackages);
            var plans = wheels.ToDictionary(w => w.Package.Name, w => w.Plan, StringComparer.Ordinal);
            var collisions = WheelConflicts.Check(plans, locked);
            foreach (var collision in collisions)
            {
                progress.Warn($"{collision.Loser} and {collision.Winner} both install {collision.Path}; that of {collision.Winner} is taken");
            }

            return await WriteAsync(wheels, collisions.Concat(WheelConflicts.Copies(plans)).Select(c => (c.Loser, c.Path)).ToHashSet(), cached, progress, cancellation);
        }
        finally
        {
            foreach (var wheel in planned)
            {
                wheel?.Plan.Wheel.Dispose();
            }
        }
    }

    /// <summary>Makes the environment's own layer, over everything else.</summary>
    /// <param name="locked">The lock's Python part.</param>
    /// <param name="below">Key of everything below it.</param>
    /// <param name="lower">Wheel layers and base system, top first.</param>
    /// <param name="sandbox">Runs the interpreter.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<PythonLayer> FinishAsync(
        LockedPython locked, Digest below, IReadOnlyList<string> lower, IRootSandbox sandbox, CancellationToken cancellation)
    {
        var history = $"python virtual environment {LockedPython.VenvPath} with bytecode for Python {locked.Interpreter}";
        var key = BuildKey.Of("venv", [Packing, below.Hex, locked.Interpreter]);
        if (cache.Find(key) is { } cached)
        {
            return new PythonLayer(key, new ImageLayer(cached, history), cache.MountedPath(cached.DiffId), IsCached: true);
        }

        var upper = await new VenvStage(sandbox).RunAsync(locked, lower, Path.Combine(directory, "venv"), cancellation);
        var packed = await Task.Run(
            () =>
            {
                // Everything here was made by this build: one fixed time for all of it.
                var entries = OverlayTree.List(upper, WheelLayerFile.ModifiedAt, since: 0);
                OverlayTree.SetTimes(upper, entries);
                using var content = Files.RootDirectory.Open(upper);
                return LayerPacker.Pack(entries, content, layout, settings, cancellation);
            },
            cancellation);
        return new PythonLayer(key, new ImageLayer(packed, history), upper, IsCached: false);
    }

    /// <summary>Reads what every wheel installs; of several that cannot be read, the first of the lock is told.</summary>
    private static void PlanAll(
        LockedPython locked, IReadOnlyDictionary<LockedPythonPackage, string> files, CachedWheels cached, PlannedWheel?[] planned)
    {
        var planner = new InstallPlanner(new VenvLayout(locked.Interpreter, LockedPython.VenvPath));
        var failures = new ExceptionDispatchInfo?[planned.Length];
        Parallel.For(0, planned.Length, index =>
        {
            var package = locked.Packages[index];
            try
            {
                planned[index] = cached.Read([package], () => Plan(package, files[package], planner));
            }
#pragma warning disable CA1031 // Thrown below.
            catch (Exception failure)
            {
                failures[index] = ExceptionDispatchInfo.Capture(failure);
            }
#pragma warning restore CA1031
        });
        Array.Find(failures, failure => failure is not null)?.Throw();
    }

    private static PlannedWheel Plan(LockedPythonPackage package, string file, InstallPlanner planner)
    {
        var wheel = WheelArchive.Open(file, package.Filename);
        try
        {
            return new PlannedWheel(package, planner.Plan(wheel, package));
        }
        catch
        {
            wheel.Dispose();
            throw;
        }
    }

    private string Packing => string.Create(CultureInfo.InvariantCulture, $"{settings.Compression} {settings.Level} {compressor}");

    private async Task<IReadOnlyList<PythonLayer>> WriteAsync(
        List<PlannedWheel> wheels, HashSet<(string, string)> leftOut, CachedWheels cached, IProgressSink progress, CancellationToken cancellation)
    {
        var groups = WheelGrouping.Group(wheels, Budget);
        var writer = new WheelLayerWriter(layout, settings, new DecodeAhead(Environment.ProcessorCount));
        using var task = progress.Begin("Installing Python packages", wheels.Sum(w => w.Plan.Size));
        // Threads of their own: those of the pool compress, and a layer that held one of them would wait for the others.
        using var queue = new WorkQueue(Math.Clamp(groups.Count, 1, Environment.ProcessorCount));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var result = await Task.WhenAll(groups.Select((group, index) => queue.Run(
            urgency: 0,
            group.Sum(wheel => wheel.Plan.Size),
            () =>
            {
                try
                {
                    return cached.Read(
                        group.Select(wheel => wheel.Package), () => Write(group, index, leftOut, cached, writer, task, ending.Token));
                }
                catch
                {
                    ending.Cancel();
                    throw;
                }
            },
            ending.Token)));
        task.Done(string.Create(CultureInfo.InvariantCulture, $"{wheels.Count} distributions in {groups.Count} layers"));
        return result;
    }

    private PythonLayer Write(
        IReadOnlyList<PlannedWheel> group, int index, HashSet<(string Name, string Path)> leftOut, CachedWheels cached, WheelLayerWriter writer, IProgressTask task, CancellationToken cancellation)
    {
        var history = "python " + string.Join(' ', group.Select(w => $"{w.Package.Name}=={w.Package.Version}"));
        var key = BuildKey.Of("wheels", [
            Packing,
            .. group.Select(w => $"{w.Package.Sha256.Hex} {w.Package.Requested} {(DirectUrl.Of(w.Package) is { } origin ? Digest.Of(origin).Hex : "")}"),
            .. leftOut.Where(l => group.Any(w => w.Package.Name == l.Name)).Select(l => $"{l.Name} {l.Path}").Order(StringComparer.Ordinal),
        ]);
        if (cache.Find(key) is { } found)
        {
            task.Advance(group.Sum(w => w.Plan.Size));
            return new PythonLayer(key, new ImageLayer(found, history), cache.MountedPath(found.DiffId), IsCached: true);
        }

        var root = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"wheels-{index}"));
        Directory.CreateDirectory(root);
        // Beside the layer: what is hashed is in the page cache already, or will be.
        var check = settings.Compression == LayerCompression.Gzip
            ? Task.Factory.StartNew(
                () => cached.Check(group.Select(wheel => wheel.Package)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : Task.CompletedTask;
        PackedLayer packed;
        try
        {
            packed = writer.Write(group, leftOut, root, task.Advance, cancellation);
        }
        finally
        {
            // Whatever happened, nobody reads the file any more when this returns.
            Task.WaitAny([check], CancellationToken.None);
        }

        check.GetAwaiter().GetResult();
        return new PythonLayer(key, new ImageLayer(packed, history), root, IsCached: false);
    }
}
