using System.Globalization;
using Torchyard.Images.Configure;
using Torchyard.Images.Deb;
using Torchyard.Images.Environments;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Timings;
using Torchyard.Images.Wheels;
using Torchyard.Packages;
using Torchyard.Packages.Cudnn;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Redist;
using Torchyard.Platform;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Images;

/// <summary>
/// Makes the image of a lock: unpacks packages into layers, configures them, packs and stores. The digest depends on the lock alone, whatever the
/// store held before; what the store has already is not made again.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="fetcher">Gives the package files.</param>
/// <param name="sandbox">Runs dpkg and the Python compiler.</param>
/// <param name="supervisor">The program that the image starts with.</param>
/// <param name="wheels">Gives the wheels of locks with a Python part; null when there are none.</param>
/// <param name="cudnn">Gives the cuDNN of locks that have it; null when there are none.</param>
/// <param name="cudaCompat">Gives the forward-compatibility libraries of locks that have them; null when there are none.</param>
public sealed class ImageBuilder(
    StorePaths paths,
    IPackageFetcher fetcher,
    IRootSandbox sandbox,
    SupervisorProgram supervisor,
    IWheelFetcher? wheels = null,
    IRedistFetcher? cudnn = null,
    IRedistFetcher? cudaCompat = null)
{
    private readonly OciLayout _layout = new(paths);

    /// <summary>What the last build spent its time on.</summary>
    public BuildTimings Timings { get; private set; } = new();

    /// <summary>The compressor that a lock records for a recipe built by this program.</summary>
    public static string Compressor(ImageSettings settings) =>
        CompressorVersion.Of(settings.Compression == LayerCompression.Gzip ? CompressionFormat.Gzip : CompressionFormat.Zstd);

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

    /// <summary>Builds the image, gives it the recipe's name and tag, and returns it.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="progress">Told how far the work is.</param>
    /// <param name="cancellation">Ends the work; what is finished by then is used by the next build.</param>
    /// <exception cref="TorchyardException">TY3001 to TY3007 for packages, TY3005 for a full disk, TY3013 and TY3017 for a lock of another program.</exception>
    public async Task<StoredImage> BuildAsync(RecipeLock locked, IProgressSink progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        var store = new ImageStore(paths);
        // A prune between making and naming would take the new image away.
        using var use = await store.BeginUseAsync(progress, cancellation);
        return await store.NameAsync(await RemakeAsync(locked, progress, cancellation), NameOf(locked), cancellation);
    }

    /// <summary>Makes sure that the store has the image of a lock, whole, and leaves names as they are; see <see cref="BuildAsync"/>.</summary>
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
        using var alone = await FileLock.AcquireAsync(Path.Combine(paths.Root, "build", "locks", key.Hex), exclusive: true, cancellation);
        if (FindBuilt(key, store) is { } meanwhile)
        {
            return meanwhile;
        }

        BuildDirectory.RemoveAbandoned(paths);
        // Modes that nobody sets, such as those of __pycache__, must not be the caller's.
        var mask = Posix.FileModeMask(0x12);
        try
        {
            var manifest = await MakeOnGoodPackagesAsync(locked, progress, cancellation);
            Directory.CreateDirectory(Path.GetDirectoryName(BuiltPath(key))!);
            AtomicFile.WriteText(BuiltPath(key), manifest.ToString());
            return manifest;
        }
        finally
        {
            _ = Posix.FileModeMask(mask);
            Timings.End();
        }
    }

    /// <summary>
    /// Makes the image; starts over once when a cached package turns out damaged, which shows only while it is unpacked. Then every package of the
    /// lock is hashed, so that a disk with several bad places costs one new start.
    /// </summary>
    private async Task<Digest> MakeOnGoodPackagesAsync(RecipeLock locked, IProgressSink progress, CancellationToken cancellation)
    {
        try
        {
            return await MakeAsync(locked, progress, cancellation);
        }
        catch (DamagedPackageException damage)
        {
            progress.Note($"Damaged in the package cache, fetched again: {string.Join(", ", RemoveDamaged(locked, cancellation).Append(damage.Package).Distinct())}");
        }

        try
        {
            return await MakeAsync(locked, progress, cancellation);
        }
        catch (DamagedPackageException damage)
        {
            throw ImageErrors.PackageDamagedAgain(damage.Package, paths.Packages, damage);
        }
    }

    private IEnumerable<string> RemoveDamaged(RecipeLock locked, CancellationToken cancellation)
    {
        var debian = fetcher.RemoveDamaged(locked, cancellation).Select(package => $"{package.Name} {package.Version}");
        var python = locked.Python is { } part && wheels is not null ? wheels.RemoveDamaged(part, cancellation).Select(package => $"{package.Name} {package.Version}") : [];
        var nvidia = new (LockedRedist? Archive, IRedistFetcher? Fetcher)[] { (locked.Cudnn, cudnn), (locked.CudaCompat, cudaCompat) }
            .Where(one => one.Archive is { } archive && one.Fetcher?.RemoveDamaged(archive) == true).Select(one => one.Archive!.Title);
        return [.. debian, .. python, .. nvidia];
    }

    private async Task<Digest> MakeAsync(RecipeLock locked, IProgressSink progress, CancellationToken cancellation)
    {
        Digest manifest;
        var directory = BuildDirectory.Create(paths);
        using (var abort = CancellationTokenSource.CreateLinkedTokenSource(cancellation))
        {
            try
            {
                var layers = await MakeLayersAsync(locked, directory.Path, progress, abort);
                manifest = Timings.Measure(BuildWork.Publish, "manifest", () => ImageWriter.Write(_layout, locked, layers));
            }
            catch (Exception failure) when (StoreSpace.RanOut(failure, paths.Root))
            {
                throw ImageErrors.StoreFull(paths.Root, locked.Packages.Sum(package => package.InstalledSize), failure);
            }
            finally
            {
                Timings.Measure(BuildWork.Publish, "removal of the working directory", directory.Dispose);
            }
        }

        await ImageWriter.AttachAsync(_layout, locked, manifest, cancellation);
        return manifest;
    }

    private static Digest KeyOf(RecipeLock locked) => BuildKey.Of("image", [Digest.Of(OciJson.Serialize(locked)).Hex]);

    private static string NameOf(RecipeLock locked) => $"{locked.Recipe.Name}:{locked.Recipe.Image.Tag}";

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

        supervisor.Require(locked.Tools.Supervisor);
        if (locked.Python is not null && wheels is null)
        {
            throw ImageErrors.PythonNotBuilt();
        }

        if (locked.Cudnn is null ? locked.Packages.Any(package => package.Name == CudnnInstaller.Package) : cudnn is null)
        {
            throw ImageErrors.CudnnNotLocked(CudnnInstaller.Package);
        }

        if (locked.CudaCompat is not null && cudaCompat is null)
        {
            throw new InvalidOperationException("a lock with forward-compatibility libraries needs a fetcher of them");
        }
    }

    private string BuiltPath(Digest key) => Path.Combine(paths.Root, "build", "images", key.Hex);

    /// <summary>The manifest that was built from the same lock, if the store still has all of it.</summary>
    private Digest? FindBuilt(Digest key, ImageStore store) =>
        File.Exists(BuiltPath(key)) && Digest.TryParse(File.ReadAllText(BuiltPath(key)).Trim(), out var manifest) && store.IsComplete(manifest)
            ? manifest
            : null;

    private async Task<List<ImageLayer>> MakeLayersAsync(
        RecipeLock locked, string directory, IProgressSink progress, CancellationTokenSource abort)
    {
        var cache = new LayerCache(paths, _layout);
        var files = await FetchAsync(locked, progress, abort.Token);
        using var queue = new WorkQueue(Math.Max(1, Environment.ProcessorCount));
        var controls = await ReadControlsAsync(locked, files, queue, abort.Token);
        var paragraphs = controls.ToDictionary(pair => pair.Key, pair => pair.Value.Control);
        using var python = PythonCompiler.Create(
            paragraphs, files, sandbox, Path.Combine(paths.Root, "build", "python"), Path.Combine(directory, "python"), Timings, abort.Token);
        var run = new LayerRun(locked, files, _layout, cache, sandbox, python, queue, directory, Timings, abort);
        try
        {
            var stages = StagePlanner.Plan(locked, paragraphs);
            var wheelLayers = locked.Python is null ? null : new PythonLayers(
                _layout, cache, locked.Recipe.Image, locked.Tools.Compressor, Path.Combine(directory, "wheels"));
            return await run.MakeAsync(
                stages, controls.ToDictionary(pair => pair.Key, pair => pair.Value.Time), supervisor, wheelLayers, wheels, cudnn, cudaCompat, progress);
        }
        catch
        {
            await abort.CancelAsync();
            await run.SettleAsync();
            throw;
        }
    }

    private async Task<Dictionary<LockedDebianPackage, string>> FetchAsync(RecipeLock locked, IProgressSink progress, CancellationToken cancellation)
    {
        var urgent = locked.Packages.OrderByDescending(package => package.Essential).ThenByDescending(package => package.Size).ToList();
        var fetches = fetcher.Fetch(locked, urgent, cancellation);
        if (fetches.Values.All(fetch => fetch.IsCompletedSuccessfully))
        {
            // What has to be fetched is shown by the fetcher, with its speed.
            using var task = progress.Begin("Fetching packages");
            task.Done(string.Create(CultureInfo.InvariantCulture, $"{urgent.Count} packages, all in the cache"));
        }

        var files = new Dictionary<LockedDebianPackage, string>();
        var began = Timings.Now;
        foreach (var package in urgent)
        {
            files[package] = await fetches[package];
        }

        Timings.Add(BuildWork.Fetch, "all packages", began, TimeSpan.Zero);
        return files;
    }

    private async Task<Dictionary<LockedDebianPackage, (ControlParagraph Control, long Time)>> ReadControlsAsync(
        RecipeLock locked, Dictionary<LockedDebianPackage, string> files, WorkQueue queue, CancellationToken cancellation)
    {
        var reads = locked.Packages.Select(package => queue.Run(
            0, 0,
            () => Timings.Measure(BuildWork.ReadControl, package.Name, () =>
            {
                var (control, parts) = LockedPackageFile.Read(
                    files[package], package, whole: false, archive => PackageUnpacker.ReadControl(archive, package));
                return (Package: package, Value: (control, parts["control"].ModifiedAt));
            }),
            cancellation)).ToList();
        return (await Task.WhenAll(reads)).ToDictionary(read => read.Package, read => read.Value);
    }
}
