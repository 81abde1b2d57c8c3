using Torchyard.Images.Sources;
using Torchyard.Packages.Nvidia;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Nvidia;

/// <summary>
/// The layer of NVIDIA's forward-compatibility libraries. Nothing in the image leads the linker there: whether a container uses them is
/// decided at its start, by the driver of the machine and the note that the library carries.
/// </summary>
/// <param name="fetcher">Gives the archive; null when nothing is built.</param>
internal sealed class CudaCompatSource(IRedistFetcher? fetcher) : RedistSource(fetcher)
{
    /// <inheritdoc />
    public override LayerOrder Order => LayerOrder.Additions;

    /// <inheritdoc />
    protected override string Name => "cuda-compat";

    /// <inheritdoc />
    protected override string Title => "cuda-compat";

    /// <inheritdoc />
    protected override string Documentation => "cuda-compat";

    /// <inheritdoc />
    protected override LockedRedist? In(RecipeLock locked) => locked.CudaCompat;

    /// <inheritdoc />
    protected override Task<RedistContent> ContentAsync(LayerContext context)
    {
        var compat = context.Locked.CudaCompat!;
        return Task.FromResult(
            new RedistContent($"NVIDIA cuda-compat {compat.Version} for CUDA {compat.Cuda}", [compat.FileName], (archive, root) =>
                CudaCompatArchive.Unpack(archive, compat, root, context.Cancellation)
            )
        );
    }

    /// <inheritdoc />
    protected override IEnumerable<string> Facts(RecipeLock locked) =>
        [
            .. (locked.Fit?.Machines ?? [])
                .Where(machine => machine.Rules.Any(rule => rule.Contains("driver.forward", StringComparison.Ordinal)))
                .Select(machine =>
                    $"{machine.Name} with driver {machine.Driver} runs CUDA {locked.Fit!.Cuda} by forward compatibility only"
                ),
            $"{locked.CudaCompat!.FileName}, which brings CUDA {locked.CudaCompat.Cuda}, under the licence {locked.CudaCompat.License}",
        ];
}
