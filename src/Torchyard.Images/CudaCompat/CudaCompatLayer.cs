using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Redist;
using Torchyard.Images.Timings;
using Torchyard.Packages.Redist;
using Torchyard.Recipes;

namespace Torchyard.Images.CudaCompat;

/// <summary>
/// Makes the layer of NVIDIA's forward-compatibility libraries. Nothing in the image leads the linker there: whether a container uses them is
/// decided at its start, by the driver of the machine and the note that the library carries.
/// </summary>
internal static class CudaCompatLayer
{
    /// <summary>Fetches the archive and makes the layer, unless the store has it.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="fetcher">Gives the archive.</param>
    /// <param name="layout">Gets the blob.</param>
    /// <param name="cache">Finished layers.</param>
    /// <param name="directory">A directory of the build that is not there yet.</param>
    /// <param name="timings">Told what it took.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static Task<RedistLayer> MakeAsync(
        RecipeLock locked, IRedistFetcher fetcher, OciLayout layout, LayerCache cache, string directory, BuildTimings timings, CancellationToken cancellation)
    {
        var compat = locked.CudaCompat!;
        return RedistLayer.MakeAsync(
            "cuda-compat",
            compat,
            [compat.FileName],
            $"NVIDIA cuda-compat {compat.Version} for CUDA {compat.Cuda}",
            (archive, root) => CudaCompatArchive.Unpack(archive, compat, root, cancellation),
            locked,
            fetcher,
            layout,
            cache,
            directory,
            timings,
            cancellation);
    }
}
