using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Images.Build;
using Torchyard.Packages.Fetching;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Sources;

/// <summary>
/// Whatever the image of a project has layers from: asked when the lock is made, opened when the image is. A new source is known here.
/// </summary>
/// <param name="host">Who asks, from where.</param>
/// <param name="files">The files of the project, and what beyond it was allowed.</param>
internal sealed class ProjectSources(Host host, ProjectFiles files)
{
    private readonly ProjectCudnn _cudnn = new(host);
    private readonly ProjectCudaCompat _compat = new(host);

    /// <summary>What paths of the project are relative to.</summary>
    public string Directory => files.Directory;

    /// <summary>The lock with what its Debian packages need beside them.</summary>
    /// <param name="locked">The lock, with its Debian packages.</param>
    /// <param name="source">The recipe.</param>
    /// <param name="before">The lock as it was; null for none.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">As <see cref="ProjectCudnn.LockAsync"/>.</exception>
    public async Task<RecipeLock> WithNeedsOfPackagesAsync(
        RecipeLock locked,
        RecipeSource source,
        RecipeLock? before,
        LockOptions options,
        CancellationToken cancellation
    ) => locked with { Cudnn = await _cudnn.LockAsync(source, locked.Packages, before, options, cancellation) };

    /// <summary>The lock with what its machines need for its PyTorch.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="source">The recipe.</param>
    /// <param name="proven">The PyTorch of the lock; null for none.</param>
    /// <param name="before">The lock as it was; null for none.</param>
    /// <param name="options">The command line.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">As <see cref="ProjectCudaCompat.LockAsync"/>.</exception>
    public async Task<RecipeLock> WithNeedsOfMachinesAsync(
        RecipeLock locked,
        RecipeSource source,
        ProvenFit? proven,
        RecipeLock? before,
        LockOptions options,
        CancellationToken cancellation
    ) => locked with { CudaCompat = await _compat.LockAsync(source, proven, before, options, cancellation) };

    /// <summary>Opens the sources of a lock for some work.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="work">Gets them, and the Python part of the project; null where the lock has none. They are closed when it
    /// ends.</param>
    public async Task<T> UseAsync<T>(RecipeLock locked, Func<LayerSources, ProjectPython?, Task<T>> work)
    {
        using var packages = DebianSources.Open(host, files);
        using var python = locked.Python is null ? null : new ProjectPython(host, files);
        using var cudnn = _cudnn.Open(locked, files.Directory);
        using var compat = _compat.Open(locked, files.Directory);
        return await work(
            new LayerSources(
                packages.CreateFetcher(),
                python?.CreateFetcher(files.Directory),
                cudnn,
                compat,
                new ProjectFileFetcher(host.Store, files),
                host.Supervisor()
            ),
            python
        );
    }
}
