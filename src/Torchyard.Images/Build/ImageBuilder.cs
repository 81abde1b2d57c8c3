using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Sources;
using Torchyard.Images.Store;
using Torchyard.Images.Timings;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Build;

/// <summary>
/// Makes the image of a lock: unpacks packages into layers, configures them, packs and stores. The digest depends on the lock alone,
/// whatever the store held before; what the store has already is not made again.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="sandbox">Runs programs over the layers, such as dpkg.</param>
/// <param name="sources">What layers come from.</param>
public sealed class ImageBuilder(StorePaths paths, IRootSandbox sandbox, LayerSources sources)
{
    private readonly OciLayout _layout = new(paths);

    /// <summary>What the last build spent its time on.</summary>
    public BuildTimings Timings { get; private set; } = new();

    /// <summary>The compressor that a lock records for a recipe built by this program.</summary>
    public static string Compressor(ImageSettings settings) => Packing.Of(settings).Compressor;

    /// <summary>Version of the layer-making rules of this program, for <see cref="LockedTools.Format"/>.</summary>
    public static int Format => BuildKey.Format;

    /// <summary>The image of a lock if the store has all of it, with the recipe's name and tag; null when it must be built.</summary>
    public async Task<StoredImage?> FindAsync(RecipeLock locked, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        RequireOwnTools(locked);
        var store = new ImageStore(paths);
        return FindBuilt(KeyOf(locked), store) is { } built ? await store.NameAsync(built, NameOf(locked), cancellation) : null;
    }

    /// <summary>Refuses to build what something would have to be fetched for.</summary>
    /// <exception cref="TorchyardException">TY2055: files are missing; the message has all of them.</exception>
    public void RequireFiles(RecipeLock locked)
    {
        var cached = new CachedFiles(paths);
        cached.Require(sources.Files(locked, cached.Has));
    }

    /// <summary>Builds the image, gives it the recipe's name and tag, and returns it.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="progress">Told how far the work is.</param>
    /// <param name="cancellation">Ends the work; what is finished by then is used by the next build.</param>
    /// <exception cref="TorchyardException">TY3001 to TY3007 for packages, TY3005 for a full disk, TY3013 and TY3017 for a lock of another
    /// program.</exception>
    public async Task<StoredImage> BuildAsync(RecipeLock locked, IProgressSink progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        var store = new ImageStore(paths);
        // A prune between making and naming would take the new image away.
        using var use = await store.BeginUseAsync(progress, cancellation);
        return await store.NameAsync(await RemakeAsync(locked, progress, cancellation), NameOf(locked), cancellation);
    }

    /// <summary>
    /// Makes sure that the store has the image of a lock, whole, and leaves names as they are; see <see cref="BuildAsync"/>.
    /// </summary>
    /// <returns>Digest of the manifest.</returns>
    public async Task<Digest> RemakeAsync(RecipeLock locked, IProgressSink progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        ArgumentNullException.ThrowIfNull(progress);
        RequireOwnTools(locked);
        Timings = new BuildTimings();
        var key = KeyOf(locked);
        var store = new ImageStore(paths);
        if (FindBuilt(key, store) is { } built)
        {
            return built;
        }

        _layout.Initialise();
        // A second build of the same lock waits here and then finds everything; collection of garbage waits for all builds.
        using var use = await store.BeginUseAsync(progress, cancellation);
        using var alone = await FileLock.AcquireAsync(Path.Combine(paths.Build, "locks", key.Hex), exclusive: true, cancellation);
        if (FindBuilt(key, store) is { } meanwhile)
        {
            return meanwhile;
        }

        BuildDirectory.RemoveAbandoned(paths);
        // Modes that nobody sets, such as those of __pycache__, must not be the caller's.
        var mask = ModeCalls.SetMask(FileModes.UsualUmask);
        try
        {
            var manifest = await MakeOnGoodPackagesAsync(locked, progress, cancellation);
            BuildRecords.Write(BuiltPath(key), System.Text.Encoding.ASCII.GetBytes(manifest.ToString()));
            return manifest;
        }
        finally
        {
            _ = ModeCalls.SetMask(mask);
            Timings.End();
        }
    }

    /// <summary>
    /// Makes the image; starts over once when a cached package turns out damaged, which shows only while it is unpacked. Then every package
    /// of the lock is hashed, so that a disk with several bad places costs one new start.
    /// </summary>
    private async Task<Digest> MakeOnGoodPackagesAsync(RecipeLock locked, IProgressSink progress, CancellationToken cancellation)
    {
        try
        {
            return await MakeAsync(locked, progress, withWholeFiles: false, cancellation);
        }
        catch (MisleadingStartException misled)
        {
            progress.Note($"A mirror gave a wrong beginning of {misled.Package}; the build starts over and waits for whole packages");
        }
        catch (DamagedPackageException damage)
        {
            progress.Note(
                "Damaged in the package cache, fetched again: "
                    + $"{string.Join(", ", RemoveDamaged(locked, cancellation).Append(damage.Package).Distinct())}"
            );
        }

        try
        {
            return await MakeAsync(locked, progress, withWholeFiles: true, cancellation);
        }
        catch (DamagedPackageException damage)
        {
            throw ImageErrors.PackageDamagedAgain(damage.Package, paths.Packages, damage);
        }
    }

    private IEnumerable<string> RemoveDamaged(RecipeLock locked, CancellationToken cancellation)
    {
        var cached = new CachedFiles(paths);
        return cached.RemoveDamaged(sources.Files(locked, cached.Has), cancellation).Select(file => file.Title);
    }

    private async Task<Digest> MakeAsync(RecipeLock locked, IProgressSink progress, bool withWholeFiles, CancellationToken cancellation)
    {
        Digest manifest;
        var directory = BuildDirectory.Create(paths);
        using (var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            try
            {
                var layers = await MakeLayersAsync(locked, directory.Path, progress, withWholeFiles, abort);
                manifest = Timings.Measure(BuildWork.Publish, "manifest", () => ImageWriter.Write(_layout, locked, layers));
            }
            catch (Exception failure) when (StoreSpace.RanOut(failure, paths.Root))
            {
                throw ImageErrors.StoreFull(paths.Root, sources.Files(locked, static _ => true).Sum(file => file.InstalledSize), failure);
            }
            finally
            {
                Timings.Measure(BuildWork.Publish, "removal of the working directory", directory.Dispose);
            }
        }

        await ImageWriter.AttachAsync(_layout, LockedSoftware.Of(locked, sources.All), locked, manifest, cancellation);
        return manifest;
    }

    private static Digest KeyOf(RecipeLock locked) => BuildKey.Of("image", [Digest.Of(OciJson.Serialize(locked)).Hex]);

    /// <summary>The name that the image of a lock gets.</summary>
    public static string NameOf(RecipeLock locked) => $"{locked.Recipe.Name}:{locked.Recipe.Image.Tag}";

    private void RequireOwnTools(RecipeLock locked)
    {
        if (locked.Tools.Format != BuildKey.Format)
        {
            throw ImageErrors.OtherFormat(locked.Tools.Format, BuildKey.Format);
        }

        if (locked.Tools.Compressor != Compressor(locked.Recipe.Image))
        {
            throw ImageErrors.OtherCompressor(locked.Tools.Compressor, Compressor(locked.Recipe.Image));
        }

        foreach (var source in sources.All)
        {
            source.Require(locked);
        }
    }

    private string BuiltPath(Digest key) => Path.Combine(BuildRecords.Images(paths), key.Hex);

    /// <summary>The manifest that was built from the same lock, if the store still has all of it.</summary>
    private Digest? FindBuilt(Digest key, ImageStore store) =>
        BuildRecords.ReadImage(BuiltPath(key)).Value is { } manifest && store.IsComplete(manifest) ? manifest : null;

    private async Task<IReadOnlyList<ImageLayer>> MakeLayersAsync(
        RecipeLock locked,
        string directory,
        IProgressSink progress,
        bool withWholeFiles,
        CancellationTokenSource abort
    )
    {
        using var queue = new WorkQueue(Math.Max(1, Environment.ProcessorCount));
        await using var context = new LayerContext
        {
            Locked = locked,
            Store = paths,
            Layout = _layout,
            Cache = new LayerCache(paths, _layout),
            Sandbox = sandbox,
            Queue = queue,
            Directory = directory,
            Timings = Timings,
            Progress = progress,
            Abort = abort,
            PlansWithWholeFiles = withWholeFiles,
        };
        return await LayerScheduler.MakeAsync(sources.Of(locked), context);
    }
}
