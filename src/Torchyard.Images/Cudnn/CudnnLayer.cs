using System.Globalization;
using System.Text;
using Torchyard.Images.Deb;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Redist;
using Torchyard.Images.Timings;
using Torchyard.Packages.Cudnn;
using Torchyard.Packages.Redist;
using Torchyard.Recipes;

namespace Torchyard.Images.Cudnn;

/// <summary>Makes the layer of cuDNN: what Debian's package would have installed.</summary>
internal static class CudnnLayer
{
    /// <summary>Fetches the archive and makes the layer, unless the store has it.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="files">Verified file of each Debian package.</param>
    /// <param name="fetcher">Gives the archive.</param>
    /// <param name="layout">Gets the blob.</param>
    /// <param name="cache">Finished layers.</param>
    /// <param name="directory">A directory of the build that is not there yet.</param>
    /// <param name="timings">Told what it took.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static Task<RedistLayer> MakeAsync(
        RecipeLock locked,
        IReadOnlyDictionary<LockedDebianPackage, string> files,
        IRedistFetcher fetcher,
        OciLayout layout,
        LayerCache cache,
        string directory,
        BuildTimings timings,
        CancellationToken cancellation)
    {
        var cudnn = locked.Cudnn!;
        var architecture = locked.Recipe.Base.Architecture;
        var sha512 = DebiansSum(locked, files);
        return RedistLayer.MakeAsync(
            "cudnn",
            cudnn,
            [architecture, sha512 ?? ""],
            string.Create(CultureInfo.InvariantCulture, $"NVIDIA cuDNN {cudnn.Version} for CUDA {cudnn.Cuda}"),
            (archive, root) => CudnnArchive.Unpack(archive, cudnn, architecture, sha512, root, cancellation),
            locked,
            fetcher,
            layout,
            cache,
            directory,
            timings,
            cancellation);
    }

    private static string? DebiansSum(RecipeLock locked, IReadOnlyDictionary<LockedDebianPackage, string> files)
    {
        var package = locked.Packages.First(package => package.Name == CudnnInstaller.Package);
        var program = PackageUnpacker.ReadFile(files[package], package, DebianDownloader.Path);
        return DebianDownloader.Sha512Of(Encoding.UTF8.GetString(program), locked.Cudnn!.Version, package.Architecture);
    }
}
