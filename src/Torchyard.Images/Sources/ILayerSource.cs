using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Sources;

/// <summary>
/// Whatever contributes layers to an image. What schedules, packs, caches, lists, repairs and documents layers asks this contract and knows
/// no source by name; <c>Build/LayerSources.cs</c> has the list.
/// </summary>
internal interface ILayerSource
{
    /// <summary>Where its layers are in the image.</summary>
    LayerOrder Order { get; }

    /// <summary>
    /// What its layers lie directly beneath, one of the names that another source's layer brings (<see cref="LayerPlan.Brings"/>); null for
    /// a place by <see cref="Order"/> alone.
    /// </summary>
    string? Beneath => null;

    /// <summary>True when the lock has anything of it.</summary>
    bool IsIn(RecipeLock locked);

    /// <summary>The files that its layers are made from.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="isCached">True for a file that the package cache has; what can be made again from other files is asked for only where
    /// it is not there.</param>
    IEnumerable<LockedFile> Files(RecipeLock locked, Func<LockedFile, bool> isCached) => [];

    /// <summary>Refuses a lock whose layers this program would not make as they were locked.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">By the source.</exception>
    void Require(RecipeLock locked) { }

    /// <summary>Begins what needs nothing from other layers, and says which layers there will be, bottom first.</summary>
    /// <exception cref="Torchyard.Images.Errors.DamagedPackageException">A file of the cache is not the one that the lock
    /// names.</exception>
    Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context);

    /// <summary>What the software bill of materials has of it.</summary>
    SourceSoftware Software(RecipeLock locked);

    /// <summary>Why the lock has something of it; null for a name that it does not know.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="name">What is asked for.</param>
    LayerReason? Explain(RecipeLock locked, string name) => null;
}
