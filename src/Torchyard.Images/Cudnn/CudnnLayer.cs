using System.Globalization;
using System.Text;
using Torchyard.Images.Deb;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Timings;
using Torchyard.Packages.Cudnn;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Cudnn;

/// <summary>The layer of cuDNN and the directory of its mounted form.</summary>
/// <param name="Key">Key of what it is made from.</param>
/// <param name="Layer">The layer with its line of history.</param>
/// <param name="Root">Its mounted form: in the store when <paramref name="IsCached"/>, else in the build's directory.</param>
/// <param name="IsCached">True when the store had it.</param>
internal sealed record CudnnLayer(Digest Key, ImageLayer Layer, string Root, bool IsCached)
{
    /// <summary>Absolute paths of its files in the image, in name order: what Debian's package would have installed.</summary>
    internal IReadOnlyList<string> Files =>
    [
        .. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(file => "/" + Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Fetches the archive and makes the layer, unless the store has it.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="files">Verified file of each Debian package.</param>
    /// <param name="fetcher">Gives the archive.</param>
    /// <param name="layout">Gets the blob.</param>
    /// <param name="cache">Finished layers.</param>
    /// <param name="directory">A directory of the build that is not there yet.</param>
    /// <param name="timings">Told what it took.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static async Task<CudnnLayer> MakeAsync(
        RecipeLock locked,
        IReadOnlyDictionary<LockedDebianPackage, string> files,
        ICudnnFetcher fetcher,
        OciLayout layout,
        LayerCache cache,
        string directory,
        BuildTimings timings,
        CancellationToken cancellation)
    {
        var cudnn = locked.Cudnn!;
        var architecture = locked.Recipe.Base.Architecture;
        var sha512 = DebiansSum(locked, files);
        var settings = locked.Recipe.Image;
        var key = BuildKey.Of(
            "cudnn", [$"{settings.Compression} {settings.Level} {locked.Tools.Compressor}", cudnn.Sha256.Hex, cudnn.Version, architecture, sha512 ?? ""]);
        var history = string.Create(CultureInfo.InvariantCulture, $"NVIDIA cuDNN {cudnn.Version} for CUDA {cudnn.Cuda}, under the licence {cudnn.License}");
        if (cache.Find(key) is { } cached)
        {
            return new CudnnLayer(key, new ImageLayer(cached, history), cache.MountedPath(cached.DiffId), IsCached: true);
        }

        var archive = await fetcher.FetchAsync(cudnn, cancellation);
        Directory.CreateDirectory(directory);
        using var root = RootDirectory.Open(directory);
        var unpacked = timings.Measure(
            BuildWork.Unpack, $"cuDNN {cudnn.Version}", () => CudnnArchive.Unpack(archive, cudnn, architecture, sha512, root, cancellation));
        var entries = PackageTree.Merge([], unpacked);
        PackageTree.FinishDirectories(root, entries);
        var packed = LayerPacker.Pack(entries, root, layout, settings, cancellation, timings, "cuDNN");
        return new CudnnLayer(key, new ImageLayer(packed, history), directory, IsCached: false);
    }

    private static string? DebiansSum(RecipeLock locked, IReadOnlyDictionary<LockedDebianPackage, string> files)
    {
        var package = locked.Packages.First(package => package.Name == CudnnInstaller.Package);
        var program = PackageUnpacker.ReadFile(files[package], package, DebianDownloader.Path);
        return DebianDownloader.Sha512Of(Encoding.UTF8.GetString(program), locked.Cudnn!.Version, package.Architecture);
    }
}
