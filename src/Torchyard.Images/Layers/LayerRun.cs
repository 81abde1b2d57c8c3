using System.Collections.Concurrent;
using System.Globalization;
using Torchyard.Images.Configure;
using Torchyard.Images.CudaCompat;
using Torchyard.Images.Cudnn;
using Torchyard.Images.Deb;
using Torchyard.Images.Environments;
using Torchyard.Images.Files;
using Torchyard.Images.Oci;
using Torchyard.Images.Redist;
using Torchyard.Images.Tar;
using Torchyard.Images.Timings;
using Torchyard.Images.Unpacking;
using Torchyard.Images.Wheels;
using Torchyard.Packages.Cudnn;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Redist;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Layers;

/// <summary>
/// One build's way from package files to layers. Unpacking, compiling, configuring and packing overlap: every step starts as soon as what it
/// needs is there, and unpacking, which configuring waits for, goes before packing.
/// </summary>
internal sealed class LayerRun(
    RecipeLock locked,
    IReadOnlyDictionary<LockedDebianPackage, string> files,
    OciLayout layout,
    LayerCache cache,
    IRootSandbox sandbox,
    PythonCompiler? python,
    WorkQueue queue,
    string directory,
    BuildTimings timings,
    CancellationTokenSource abort)
{
    private const int PackUrgency = 1000;

    private readonly ConcurrentBag<Task> _started = [];
    private readonly long _startedAt = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private int _number;

    /// <summary>Makes all layers, bottom first.</summary>
    internal async Task<List<ImageLayer>> MakeAsync(
        IReadOnlyList<IReadOnlyList<LockedDebianPackage>> stages,
        IReadOnlyDictionary<LockedDebianPackage, long> times,
        SupervisorProgram supervisor,
        PythonLayers? pythonLayers,
        IWheelFetcher? wheels,
        IRedistFetcher? cudnn,
        IRedistFetcher? cudaCompat,
        IProgressSink progress)
    {
        // Wheels need nothing of the base system: their layers are made while its packages are unpacked and configured.
        var wheelLayers = pythonLayers is null ? null : Track(Task.Run(() => MakeWheelLayersAsync(pythonLayers, wheels, progress), abort.Token));
        var cudnnLayer = locked.Cudnn is null ? null : Track(Task.Run(
            () => CudnnLayer.MakeAsync(locked, files, cudnn!, layout, cache, NewDirectory("cudnn"), timings, abort.Token), abort.Token));
        var compatLayer = locked.CudaCompat is null ? null : Track(Task.Run(
            () => CudaCompatLayer.MakeAsync(locked, cudaCompat!, layout, cache, NewDirectory("cuda-compat"), timings, abort.Token), abort.Token));
        using var task = progress.Begin("Building layers", locked.Packages.Sum(package => package.Size));
        var budget = Math.Max(0, locked.Recipe.Image.LayerBudget - stages.Count);
        var work = new List<List<PackageLayer>>();
        for (var index = 0; index < stages.Count; index++)
        {
            var urgency = index;
            work.Add([.. LayerGrouping.Group(stages[index], ref budget).Select(packages => Begin(packages, urgency, task))]);
        }

        var lower = new List<string>();
        var planned = new HashSet<string>(StringComparer.Ordinal);
        var configured = new List<(Task<PackedLayer> Packed, Func<PackedLayer, string> Finish, string History)>();
        var lists = new FileLists();
        var result = new List<Task<ImageLayer>>();
        var previous = "";
        long epoch = 0;
        for (var index = 0; index < stages.Count; index++)
        {
            var below = lower.ToList();
            var shared = new List<string>();
            epoch = Math.Min(locked.SourceDateEpoch, Math.Max(epoch, stages[index].Max(package => times[package])));
            foreach (var layer in work[index])
            {
                var unpacked = await layer.Unpacked;
                lower.Insert(0, layer.Root);
                planned.UnionWith(layer.Modules.Select(module => module.Name));
                shared.AddRange(lists.Add(unpacked.Packages, layer.Root, unpacked.Contended));
                result.Add(FinishAsync(layer));
            }

            // In place before the package that would fetch it is configured, and before ldconfig looks for libraries.
            var withCudnn = cudnnLayer is not null && stages[index].Any(package => package.Name == CudnnInstaller.Package) ? await cudnnLayer : null;
            if (withCudnn is not null)
            {
                Add(withCudnn, lower, result);
            }

            var keys = work[index].Select(layer => layer.Key);
            var key = BuildKey.Stage(previous, withCudnn is null ? keys : keys.Append(withCudnn.Key), epoch, locked);
            previous = key.Hex;
            var stage = work[index].SelectMany(layer => layer.Unpacked.Result.Packages).ToList();
            var (root, packed) = await ConfigureAsync(
                key, index, stage, upper => new SharedFiles(upper, below, lists, stage, shared, new PackageContents(files)), lower, withCudnn?.Files ?? [], epoch, planned);
            lists.Update(root);
            lower.Insert(0, root);
            result.Add(packed);
        }

        if (wheelLayers is not null)
        {
            await AddPythonAsync(pythonLayers!, await wheelLayers, previous, lower, result);
        }

        // Nothing that is made before depends on it.
        if (compatLayer is not null)
        {
            Add(await compatLayer, lower, result);
        }

        result.Add(Track(AddEnvironmentAsync(lower, epoch, supervisor)));
        var layers = await Task.WhenAll(result);
        await PublishAsync();
        task.Done(string.Create(CultureInfo.InvariantCulture, $"{layers.Length} layers, {layers.Sum(layer => layer.Layer.Size) / 1e6:F0} MB"));
        return [.. layers];
    }

    /// <summary>Waits until nothing that was started runs any more; failures were reported already.</summary>
    internal async Task SettleAsync()
    {
        foreach (var task in _started)
        {
            await task.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    // Layers move to their final place only when no overlay is mounted over them any more.
    private readonly ConcurrentBag<(Digest Key, PackedLayer Layer, string Root, Action Complete)> _finished = [];

    private async Task PublishAsync() => await Task.WhenAll(_finished.Select(finished => queue.Run(
        0, 0,
        () => timings.Measure(BuildWork.Publish, finished.Layer.DiffId.ToString(), () =>
        {
            finished.Complete();
            cache.Add(finished.Key, finished.Layer, finished.Root);
            return finished.Layer.DiffId;
        }),
        abort.Token)));

    private void Add(RedistLayer layer, List<string> lower, List<Task<ImageLayer>> result)
    {
        lower.Insert(0, layer.Root);
        result.Add(Task.FromResult(layer.Layer));
        if (!layer.IsCached)
        {
            _finished.Add((layer.Key, layer.Layer.Layer, layer.Root, static () => { }));
        }
    }

    /// <summary>Puts compiled bytecode beside its modules, which could not be done while an overlay was mounted over them.</summary>
    private static void AddBytecode(string root, string made, List<TarEntry> compiled, List<LayerEntry> entries)
    {
        if (compiled.Count == 0)
        {
            return;
        }

        using var target = RootDirectory.Open(root);
        foreach (var entry in compiled)
        {
            if (entry.Kind == TarKind.Directory)
            {
                target.MakeDirectory(entry.Name);
                continue;
            }

            var place = $"{root}/{entry.Name}";
            File.Move($"{made}/{entry.Name}", place);
            File.SetUnixFileMode(place, (UnixFileMode)entry.Mode);
            _ = Posix.SetTime(Posix.CurrentDirectory, place, entry.ModifiedAt);
        }

        PackageTree.FinishDirectories(target, entries);
    }

    private string NewDirectory(string kind) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{kind}-{Interlocked.Increment(ref _number)}"));

    private T Track<T>(T task)
        where T : Task
    {
        _started.Add(task);
        return task;
    }

    /// <summary>Starts unpacking the packages of a layer, unless the store has it.</summary>
    private PackageLayer Begin(IReadOnlyList<LockedDebianPackage> packages, int urgency, IProgressTask progress)
    {
        var key = BuildKey.Layer(packages, python?.Key.Hex ?? "", locked);
        if (cache.Find(key) is { } found)
        {
            var place = cache.MountedPath(found.DiffId);
            return new PackageLayer(packages, key, place, found, Track(queue.Run(
                urgency, 0,
                () => timings.Measure(BuildWork.Load, packages[^1].Source, () => new UnpackedLayer(LoadAll(packages, place, found.Contended ?? [], progress), found.Contended ?? [])),
                abort.Token)));
        }

        var root = Path.Combine(NewDirectory("layer"), "root");
        Directory.CreateDirectory(root);
        return new PackageLayer(packages, key, root, null, Track(UnpackAllAsync(packages, root, urgency, progress)));
    }

    private List<UnpackedPackage> LoadAll(IReadOnlyList<LockedDebianPackage> packages, string place, IReadOnlyList<string> contended, IProgressTask progress)
    {
        var places = contended.ToHashSet(StringComparer.Ordinal);
        using var layer = RootDirectory.Open(place);
        var loaded = packages.Select(package => PackageUnpacker.Load(files[package], package, layer, places)).ToList();
        progress.Advance(packages.Sum(package => package.Size));
        return loaded;
    }

    private async Task<UnpackedLayer> UnpackAllAsync(
        IReadOnlyList<LockedDebianPackage> packages, string place, int urgency, IProgressTask progress)
    {
        var work = packages.Select(package => queue.Run(
            urgency, package.Size,
            () => timings.Measure(BuildWork.Unpack, package.Name, () =>
            {
                using var root = RootDirectory.Open(place);
                var unpacked = PackageUnpacker.Unpack(files[package], package, root, Aside(package), abort.Token);
                progress.Advance(package.Size);
                return unpacked;
            }),
            abort.Token)).ToList();
        var done = await Task.WhenAll(work);
        using var finished = RootDirectory.Open(place);
        var (all, contended) = LayerCollisions.Settle(done, finished, package => Aside(package.Package), place + ".scratch");
        PackageTree.FinishDirectories(finished, PackageTree.Merge(all, []));
        if (Directory.Exists(place + ".aside"))
        {
            Directory.Delete(place + ".aside", recursive: true);
        }

        return new UnpackedLayer(all, contended);

        string Aside(LockedDebianPackage package) => $"{place}.aside/{package.Name}:{package.Architecture}";
    }

    /// <summary>Compiles the modules of an unpacked layer and packs it.</summary>
    private Task<ImageLayer> FinishAsync(PackageLayer layer)
    {
        var history = "packages " + string.Join(' ', layer.Packages.Select(package => $"{package.Name}={package.Version}"));
        return layer.Cached is { } cached
            ? Task.FromResult(new ImageLayer(cached, history))
            : Track(MakeAsync());

        async Task<ImageLayer> MakeAsync()
        {
            var (packages, contended) = layer.Unpacked.Result;
            var compiled = new List<TarEntry>();
            var made = "";
            var parent = Path.GetDirectoryName(layer.Root)!;
            if (python is not null && layer.Modules is { Count: > 0 } modules)
            {
                made = await python.CompileAsync(
                    [.. modules.Select(module => module.Name)], layer.Root, Path.Combine(parent, "compile"), abort.Token);
                compiled = python.Entries(modules, made);
            }

            var entries = PackageTree.Merge(packages, compiled);
            var packed = await queue.Run(
                PackUrgency, layer.Packages.Sum(package => package.Size),
                () =>
                {
                    var bytecode = compiled.Where(entry => entry.Kind == TarKind.File).Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
                    using var content = RootDirectory.Open(parent);
                    return LayerPacker.Pack(
                        [.. entries.Select(entry => entry with { ContentPath = Located(entry, bytecode) })],
                        content, layout, locked.Recipe.Image, abort.Token, timings, layer.Packages[^1].Source);
                },
                abort.Token);
            packed = packed with { Contended = contended.Count > 0 ? contended : null };
            _finished.Add((layer.Key, packed, layer.Root, () => AddBytecode(layer.Root, made, compiled, entries)));
            return new ImageLayer(packed, history);
        }
    }

    private async Task<IReadOnlyList<PythonLayer>> MakeWheelLayersAsync(PythonLayers layers, IWheelFetcher? wheels, IProgressSink progress)
    {
        var fetches = (wheels ?? throw new InvalidOperationException("a lock with Python packages needs a fetcher of wheels"))
            .Fetch(locked.Python!, abort.Token);
        var fetched = new Dictionary<LockedPythonPackage, string>();
        foreach (var (package, file) in fetches)
        {
            fetched[package] = await file;
        }

        return await layers.MakeAsync(locked.Python!, locked.Packages.Select(package => package.Name), fetched, progress, abort.Token);
    }

    private async Task AddPythonAsync(
        PythonLayers python, IReadOnlyList<PythonLayer> wheelLayers, string previous, List<string> lower, List<Task<ImageLayer>> result)
    {
        void Add(PythonLayer layer)
        {
            lower.Insert(0, layer.Root);
            result.Add(Task.FromResult(layer.Layer));
            if (!layer.IsCached)
            {
                _finished.Add((layer.Key, layer.Layer.Layer, layer.Root, static () => { }));
            }
        }

        foreach (var layer in wheelLayers)
        {
            Add(layer);
        }

        var below = BuildKey.Of("python", [previous, .. wheelLayers.Select(layer => layer.Key.Hex)]);
        Add(await python.FinishAsync(locked.Python!, below, [.. lower], sandbox, abort.Token));
    }

    private static string? Located(LayerEntry entry, HashSet<string> bytecode) => entry.ContentPath switch
    {
        null => null,
        var path when bytecode.Contains(path) => "compile/upper/torchyard/out/" + path,
        var path => "root/" + path,
    };

    private async Task<(string Root, Task<ImageLayer> Packed)> ConfigureAsync(
        Digest key, int index, List<UnpackedPackage> packages, Func<UpperDirectory, SharedFiles> share, List<string> lower, IReadOnlyList<string> cudnn, long epoch, IReadOnlySet<string> planned)
    {
        var history = string.Create(CultureInfo.InvariantCulture, $"dpkg --configure -a, stage {index + 1}: {packages.Count} packages");
        if (cache.Find(key) is { } cached)
        {
            return (cache.MountedPath(cached.DiffId), Task.FromResult(new ImageLayer(cached, history)));
        }

        var stage = new ConfigureStage(sandbox, python, timings);
        var upper = await stage.RunAsync(
            [.. packages.OrderBy(package => package.InfoName, StringComparer.Ordinal)], share, [.. lower], cudnn, NewDirectory("stage"), epoch, planned, abort.Token);
        // Before the next stage looks at it: overlayfs copies the times of directories up.
        return (upper, Track(PackUpperAsync(key, upper, FixTimes(upper, epoch), history)));
    }

    private List<LayerEntry> FixTimes(string upper, long epoch) => timings.Measure(BuildWork.ListChanges, "", () =>
    {
        var entries = OverlayTree.List(upper, epoch, _startedAt);
        OverlayTree.SetTimes(upper, entries);
        return entries;
    });

    private async Task<ImageLayer> PackUpperAsync(Digest key, string upper, List<LayerEntry> entries, string history)
    {
        var packed = await queue.Run(
            PackUrgency - 1, 0,
            () =>
            {
                using var content = RootDirectory.Open(upper);
                return LayerPacker.Pack(entries, content, layout, locked.Recipe.Image, abort.Token, timings, history);
            },
            abort.Token);
        _finished.Add((key, packed, upper, static () => { }));
        return new ImageLayer(packed, history);
    }

    private Task<ImageLayer> AddEnvironmentAsync(List<string> lower, long epoch, SupervisorProgram supervisor)
    {
        var upper = NewDirectory("environment");
        Directory.CreateDirectory(upper);
        var entries = EnvironmentLayer.Write(upper, lower, locked, supervisor, epoch);
        var key = BuildKey.Of("environment", entries);
        return cache.Find(key) is { } cached
            ? Task.FromResult(new ImageLayer(cached, EnvironmentLayer.History))
            : PackUpperAsync(key, upper, FixTimes(upper, epoch), EnvironmentLayer.History);
    }
}
