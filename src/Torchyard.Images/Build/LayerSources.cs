using Torchyard.Images.BaseImages;
using Torchyard.Images.Debian.Layers;
using Torchyard.Images.Environments;
using Torchyard.Images.Nvidia;
using Torchyard.Images.Python;
using Torchyard.Images.Sources;
using Torchyard.Images.Steps;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Packages.Fetching;
using Torchyard.Packages.Nvidia;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Build;

/// <summary>The sources of layers: the one list that names them. Bills of materials and lists of files have them in this order.</summary>
public sealed class LayerSources
{
    internal LayerSources(IReadOnlyList<ILayerSource> all) => All = all;

    /// <summary>The sources of a build.</summary>
    /// <param name="packages">Gives Debian's packages; null when nothing is built.</param>
    /// <param name="wheels">Gives wheels; null when the lock has none.</param>
    /// <param name="cudnn">Gives cuDNN; null when the lock has none.</param>
    /// <param name="cudaCompat">Gives the forward-compatibility libraries; null when the lock has none.</param>
    /// <param name="files">Gives the files of the project; null when the lock has none.</param>
    /// <param name="supervisor">The program that the image starts with; null when nothing is built.</param>
    public LayerSources(
        IPackageFetcher? packages,
        IWheelFetcher? wheels,
        IRedistFetcher? cudnn,
        IRedistFetcher? cudaCompat,
        ProjectFileFetcher? files,
        SupervisorProgram? supervisor
    )
        : this([
            new BaseSource(),
            new DebianSource(packages),
            new PythonSource(wheels),
            new EnvironmentSource(supervisor),
            new CudnnSource(cudnn),
            new CudaCompatSource(cudaCompat),
            // Files first: commands use them.
            new FilesSource(files),
            new RunSource(),
        ]) { }

    /// <summary>The sources for questions about a lock: they build nothing.</summary>
    public static LayerSources ForQuestions { get; } = new(null, null, null, null, null, null);

    internal IReadOnlyList<ILayerSource> All { get; }

    /// <summary>The files that the image of a lock is made from.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="isCached">True for a file that the package cache has.</param>
    public IEnumerable<LockedFile> Files(RecipeLock locked, Func<LockedFile, bool> isCached) =>
        Of(locked).SelectMany(source => source.Files(locked, isCached));

    /// <summary>Why the lock has something; null when it has nothing of that name.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="name">What is asked for.</param>
    // What lies further up is what is used where two sources have the same name.
    public LayerReason? Explain(RecipeLock locked, string name) =>
        Of(locked)
            .OrderByDescending(source => source.Order)
            .Select(source => source.Explain(locked, name))
            .FirstOrDefault(reason => reason is not null);

    /// <summary>Those of which a lock has something.</summary>
    internal IReadOnlyList<ILayerSource> Of(RecipeLock locked) => [.. All.Where(source => source.IsIn(locked))];
}
