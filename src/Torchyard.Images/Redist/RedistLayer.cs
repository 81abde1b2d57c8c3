using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Images.Timings;
using Torchyard.Packages.Redist;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Redist;

/// <summary>The layer of an archive of NVIDIA's, and the directory of its mounted form.</summary>
/// <param name="Key">Key of what it is made from.</param>
/// <param name="Layer">The layer with its line of history.</param>
/// <param name="Root">Its mounted form: in the store when <paramref name="IsCached"/>, else in the build's directory.</param>
/// <param name="IsCached">True when the store had it.</param>
internal sealed record RedistLayer(Digest Key, ImageLayer Layer, string Root, bool IsCached)
{
    /// <summary>Absolute paths of its files in the image, in name order.</summary>
    internal IReadOnlyList<string> Files =>
    [
        .. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(file => "/" + Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Fetches the archive and makes the layer, unless the store has it.</summary>
    /// <param name="kind">Name of what it is in keys.</param>
    /// <param name="archive">What the lock says of it.</param>
    /// <param name="parts">What else decides the layer.</param>
    /// <param name="what">The line of history, without the licence.</param>
    /// <param name="unpack">Unpacks the archive's file below a directory.</param>
    /// <param name="locked">The lock.</param>
    /// <param name="fetcher">Gives the archive.</param>
    /// <param name="layout">Gets the blob.</param>
    /// <param name="cache">Finished layers.</param>
    /// <param name="directory">A directory of the build that is not there yet.</param>
    /// <param name="timings">Told what it took.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static async Task<RedistLayer> MakeAsync(
        string kind,
        LockedRedist archive,
        IEnumerable<string> parts,
        string what,
        Func<string, RootDirectory, List<TarEntry>> unpack,
        RecipeLock locked,
        IRedistFetcher fetcher,
        OciLayout layout,
        LayerCache cache,
        string directory,
        BuildTimings timings,
        CancellationToken cancellation)
    {
        var settings = locked.Recipe.Image;
        var key = BuildKey.Of(kind, [$"{settings.Compression} {settings.Level} {locked.Tools.Compressor}", archive.Sha256.Hex, archive.Version, .. parts]);
        var history = $"{what}, under the licence {archive.License}";
        if (cache.Find(key) is { } cached)
        {
            return new RedistLayer(key, new ImageLayer(cached, history), cache.MountedPath(cached.DiffId), IsCached: true);
        }

        var file = await fetcher.FetchAsync(archive, cancellation);
        Directory.CreateDirectory(directory);
        using var root = RootDirectory.Open(directory);
        var unpacked = timings.Measure(BuildWork.Unpack, archive.Title, () => unpack(file, root));
        var entries = PackageTree.Merge([], unpacked);
        PackageTree.FinishDirectories(root, entries);
        var packed = LayerPacker.Pack(entries, root, layout, settings, cancellation, timings, archive.Title);
        return new RedistLayer(key, new ImageLayer(packed, history), directory, IsCached: false);
    }
}
