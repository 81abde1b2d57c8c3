using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Sources;
using Torchyard.Images.Tar;
using Torchyard.Images.Timings;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Layers;

/// <summary>Makes layers of packages: unpacks them or reads what the store has, compiles their modules, packs them.</summary>
/// <param name="context">The build.</param>
/// <param name="files">The package files, on their way.</param>
/// <param name="python">Compiles modules; null when no package has an interpreter.</param>
internal sealed class PackageLayers(LayerContext context, PackageFiles files, PythonCompiler? python)
{
    /// <summary>Starts unpacking the packages of a layer, unless the store has it.</summary>
    internal PackageLayer Begin(IReadOnlyList<LockedDebianPackage> packages, int urgency)
    {
        var key = DebianKey.Layer(packages, python?.Key.Hex ?? "", context.Packing);
        if (context.Cache.Find(key) is { } found)
        {
            var place = context.Cache.MountedPath(found.DiffId);
            return new PackageLayer
            {
                Packages = packages,
                Key = key,
                Root = place,
                Cached = found,
                Unpacked = context.Track(LoadAsync(packages, place, found.Contended ?? [], urgency)),
            };
        }

        var root = Path.Combine(context.NewDirectory("layer"), "root");
        Directory.CreateDirectory(root);
        return new PackageLayer
        {
            Packages = packages,
            Key = key,
            Root = root,
            Cached = null,
            Unpacked = context.Track(UnpackAllAsync(packages, root, urgency)),
        };
    }

    // Where a package is not Debian's, the image says whose it is.
    private string Named(LockedDebianPackage package)
    {
        var place = package.Path ?? context.Locked.Archives.FirstOrDefault(one => one.IsFurther && one.Id == package.Archive)?.Id;
        return $"{package.Name}={package.Version}{(place is null ? "" : $" ({place})")}";
    }

    /// <summary>Compiles the modules of an unpacked layer and packs it.</summary>
    internal Task<ImageLayer> FinishAsync(PackageLayer layer)
    {
        var history = "packages " + string.Join(' ', layer.Packages.Select(Named));
        return layer.Cached is { } cached ? Task.FromResult(new ImageLayer(cached, history)) : context.Track(MakeAsync());

        async Task<ImageLayer> MakeAsync()
        {
            var (packages, contended) = layer.Unpacked.Result;
            var compiled = new List<TarEntry>();
            var made = "";
            var parent = Path.GetDirectoryName(layer.Root)!;
            if (python is not null && layer.Modules is { Count: > 0 } modules)
            {
                made = await python.CompileAsync(
                    [.. modules.Select(module => module.Name)],
                    layer.Root,
                    Path.Combine(parent, "compile"),
                    context.Cancellation
                );
                compiled = python.Entries(modules, made);
            }

            var entries = LayerTree.Merge(packages.SelectMany(package => package.Entries).Concat(compiled));
            var packed = await context.Queue.Run(
                LayerContext.PackUrgency,
                layer.Packages.Sum(package => package.Size),
                () =>
                {
                    var bytecode = compiled
                        .Where(entry => entry.Kind == TarKind.File)
                        .Select(entry => entry.Name)
                        .ToHashSet(StringComparer.Ordinal);
                    using var content = RootDirectory.Open(parent);
                    return LayerPacker.Pack(
                        [.. entries.Select(entry => entry with { ContentPath = Located(entry, bytecode) })],
                        content,
                        context.Layout,
                        context.Packing.Settings,
                        context.Cancellation,
                        context.Timings,
                        layer.Packages[^1].Source
                    );
                },
                context.Cancellation
            );
            packed = packed with { Contended = contended.Count > 0 ? contended : null };
            context.Finish(layer.Key, packed, layer.Root, () => AddBytecode(layer.Root, made, compiled, entries));
            return new ImageLayer(packed, history);
        }
    }

    private async Task<UnpackedLayer> LoadAsync(
        IReadOnlyList<LockedDebianPackage> packages,
        string place,
        IReadOnlyList<string> contended,
        int urgency
    )
    {
        await Task.WhenAll(packages.Select(files.FileAsync));
        return await context.Queue.Run(
            urgency,
            0,
            () =>
                context.Timings.Measure(BuildWork.Load, packages[^1].Source, () =>
                    new UnpackedLayer(LoadAll(packages, place, contended), contended)
                ),
            context.Cancellation
        );
    }

    private List<UnpackedPackage> LoadAll(IReadOnlyList<LockedDebianPackage> packages, string place, IReadOnlyList<string> contended)
    {
        var places = contended.ToHashSet(StringComparer.Ordinal);
        using var layer = RootDirectory.Open(place);
        var loaded = packages.Select(package => PackageUnpacker.Load(files.FileOf(package), package, layer, places)).ToList();
        context.Advance(packages.Sum(package => package.Size));
        return loaded;
    }

    private async Task<UnpackedLayer> UnpackAllAsync(IReadOnlyList<LockedDebianPackage> packages, string place, int urgency)
    {
        var work = packages.Select(package => context.Track(UnpackAsync(package))).ToList();
        var done = await Task.WhenAll(work);
        using var finished = RootDirectory.Open(place);
        var (all, contended) = LayerCollisions.Settle(done, finished, package => Aside(package.Package), place + ".scratch");
        LayerTree.FinishDirectories(finished, LayerTree.Merge(all.SelectMany(package => package.Entries)));
        if (Directory.Exists(place + ".aside"))
        {
            Directory.Delete(place + ".aside", recursive: true);
        }

        return new UnpackedLayer(all, contended);

        async Task<UnpackedPackage> UnpackAsync(LockedDebianPackage package)
        {
            var file = await files.FileAsync(package);
            return await context.Queue.Run(urgency, package.Size, () => context.Timings.Measure(BuildWork.Unpack, package.Name, () =>
                    {
                        using var root = RootDirectory.Open(place);
                        var unpacked = PackageUnpacker.Unpack(file, package, root, Aside(package), context.Cancellation);
                        context.Advance(package.Size);
                        return unpacked;
                    }), context.Cancellation);
        }

        string Aside(LockedDebianPackage package) => $"{place}.aside/{package.Name}:{package.Architecture}";
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
            _ = TimeCalls.Set(At.CurrentDirectory, place, entry.ModifiedAt);
        }

        LayerTree.FinishDirectories(target, entries);
    }

    private static string? Located(LayerEntry entry, HashSet<string> bytecode) =>
        entry.ContentPath switch
        {
            null => null,
            var path when bytecode.Contains(path) => "compile/upper/torchyard/out/" + path,
            var path => "root/" + path,
        };
}
