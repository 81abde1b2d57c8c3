using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sandbox;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Runtimes;
using Torchyard.Flows.Sources;
using Torchyard.Images.Build;
using Torchyard.Images.Oci;
using Torchyard.Images.Python;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Assembling;

/// <summary>From a lock to its image, with the stages put together for this machine.</summary>
/// <param name="host">Who asks, from where.</param>
/// <param name="layers">The layers of an image as directories.</param>
/// <param name="files">The files of the project, and what beyond it was allowed; null for a lock of an image that is in the store
/// already.</param>
internal sealed class ProjectImage(Host host, IMountedLayers layers, ProjectFiles? files = null)
{
    private readonly ProjectSources _sources = new(host, files ?? ProjectFiles.OfUser(host.Caller.WorkingDirectory));

    /// <summary>
    /// The lock with layers of another compression than the recipe's, at its default level; the image gets a tag of its own, such as
    /// latest-gzip.
    /// </summary>
    public static RecipeLock Compressed(RecipeLock locked, LayerCompression compression)
    {
        var image = locked.Recipe.Image;
        if (image.Compression == compression)
        {
            return locked;
        }

        image = image with
        {
            Compression = compression,
            Level = ImageSettings.DefaultLevel(compression),
            Tag = $"{image.Tag}-{compression.ToString().ToLowerInvariant()}",
        };
        return locked with
        {
            Recipe = locked.Recipe with { Image = image },
            Tools = locked.Tools with { Compressor = ImageBuilder.Compressor(image) },
        };
    }

    /// <summary>Makes the image of a lock, or finds it in the store.</summary>
    public Task<StoredImage> BuildAsync(RecipeLock locked, CancellationToken cancellation) =>
        BuildAsync(locked, BuildAccount.None, offline: false, cancellation);

    /// <summary>Makes the image of a lock, or finds it in the store, and gives account of the time.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="account">What to say of the time.</param>
    /// <param name="offline">Nothing may be fetched.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2055: files would have to be fetched; else as
    /// <see cref="ImageBuilder.BuildAsync"/>.</exception>
    public Task<StoredImage> BuildAsync(RecipeLock locked, BuildAccount account, bool offline, CancellationToken cancellation) =>
        _sources.UseAsync(locked, async (sources, python) =>
        {
            var builder = Builder(sources);
            if (offline && await builder.FindAsync(locked, cancellation) is null)
            {
                builder.RequireFiles(locked);
            }

            await EnsureWheelsAsync(locked, builder, python, offline, cancellation);
            if (!host.Caller.IsRoot)
            {
                return await builder.FindAsync(locked, cancellation) ?? await BuildInNamespaceAsync(locked, builder, account, cancellation);
            }

            var replaced = ReplacedImage.Of(host.Store, ImageBuilder.NameOf(locked));
            var image = await builder.BuildAsync(locked, host.Progress, cancellation);
            account.Write(builder.Timings, host.Dialogue);
            replaced?.Tell(image, host.Progress);
            return image;
        });

    /// <summary>Makes what the store lost of the image of a lock. Only for root, also of the store's user namespace.</summary>
    /// <returns>Digest of the manifest.</returns>
    public Task<Digest> RemakeAsync(RecipeLock locked, CancellationToken cancellation) =>
        _sources.UseAsync(locked, async (sources, python) =>
        {
            var builder = Builder(sources);
            await EnsureWheelsAsync(locked, builder, python, offline: false, cancellation);
            return await builder.RemakeAsync(locked, host.Progress, cancellation);
        });

    /// <summary>
    /// Layers have files of many users, which an ordinary user can only make in a user namespace: the program builds there.
    /// </summary>
    private async Task<StoredImage> BuildInNamespaceAsync(
        RecipeLock locked,
        ImageBuilder builder,
        BuildAccount account,
        CancellationToken cancellation
    )
    {
        // Made from out here, these belong to the caller however the build ends.
        foreach (var directory in new[] { host.Store.Root, host.Store.Oci, host.Store.Layers, host.Store.Temporary })
        {
            Directory.CreateDirectory(directory);
        }

        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        using var work = BuildDirectory.Create(host.Store);
        var file = Path.Combine(work.Path, "torchyard.lock");
        AtomicFile.WriteText(file, LockText.Write(locked));
        host.Dialogue.StepAside();
        var status = await new StoreNamespace(host.Store, host.Self).RunAsync(
            ["--store", host.Store.Root, "build", file, "--project", _sources.Directory, "--trust", .. account.Options()],
            "/",
            keepOutput: false,
            cancellation
        );
        return status == 0 && await builder.FindAsync(locked, cancellation) is { } built
            ? built
            : throw new TorchyardException(
                "TY4008",
                $"the build inside the user namespace ended with exit status {status}; the lines above say why",
                "do what they say, then run the same command again: it goes on from there"
            );
    }

    /// <summary>Makes sure that the wheels which the lock built from source are in the store, unless the image is there already.</summary>
    private async Task EnsureWheelsAsync(
        RecipeLock locked,
        ImageBuilder builder,
        ProjectPython? python,
        bool offline,
        CancellationToken cancellation
    )
    {
        if (locked.Python is null || python is null)
        {
            return;
        }

        IReadOnlyList<string>? system = null;
        var rebuilder = python.CreateRebuilder(
            _sources.Directory,
            WheelBuilder(async token => system ??= await SystemAsync(locked, forBuilds: true, offline, token))
        );
        if (rebuilder.IsNeeded(locked.Python) && await builder.FindAsync(locked, cancellation) is null)
        {
            await rebuilder.RebuildAsync(locked.Python, cancellation);
        }
    }

    /// <summary>
    /// The base system of a lock, top layer first. Python requirements are resolved by its own pip and wheels are built on it, so it is
    /// built before the image; its layers are those of the image. With build packages it is another system, of which nothing gets into the
    /// image.
    /// </summary>
    public async Task<IReadOnlyList<string>> SystemAsync(RecipeLock locked, bool forBuilds, bool offline, CancellationToken cancellation)
    {
        // Only the layers are of use: the name goes, and 'prune' leaves what an image shares with them.
        var recipe = locked.Recipe.WithoutSteps() with
        {
            Python = null,
            Fit = null,
            Image = locked.Recipe.Image with { Tag = "lock-base" },
        };
        var packages = forBuilds
            ? locked
                .Packages.Concat(locked.BuildPackages)
                .OrderBy(package => package.Name, StringComparer.Ordinal)
                .ThenBy(package => package.Architecture, StringComparer.Ordinal)
                .ToList()
            : locked.Packages;
        var system = await BuildAsync(
            locked with
            {
                Recipe = recipe,
                Packages = packages,
                BuildPackages = [],
                CudaCompat = null,
                Python = null,
                Files = [],
                Fit = null,
            },
            BuildAccount.None,
            offline,
            cancellation
        );
        var lower = await layers.EnsureAsync(system, host.Progress, cancellation);
        await new ImageStore(host.Store).RemoveAsync($"{recipe.Name}:lock-base", static _ => null, force: true, cancellation);
        return lower;
    }

    /// <summary>Builds wheels on a base system.</summary>
    public SandboxWheelBuilder WheelBuilder(Func<CancellationToken, Task<IReadOnlyList<string>>> system) =>
        new(host.Store, Sandbox(), system);

    /// <summary>Runs programs of a base system.</summary>
    public OciRootSandbox Sandbox() => new(host.Store, host.Runtimes(), host.Self);

    private ImageBuilder Builder(LayerSources sources) => new(host.Store, Sandbox(), sources);
}
