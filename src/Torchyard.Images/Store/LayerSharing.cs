using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Store;

/// <summary>Which layers the images of a store have in common, and so what removing one of them frees.</summary>
public static class LayerSharing
{
    /// <summary>Compares images.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="images">Its images, all that can be read.</param>
    public static IReadOnlyList<SharedImage> Of(StorePaths paths, IReadOnlyList<StoredImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        var store = new ImageStore(paths);
        var manifests = images.Select(image => (Image: image, Document: store.ReadManifest(image.Manifest))).ToList();
        var users = manifests
            .SelectMany(one => Blobs(one.Document).Select(blob => (blob.Digest, one.Image)))
            .ToLookup(pair => pair.Digest, pair => pair.Image);
        return
        [
            .. manifests.Select(one => new SharedImage(
                one.Image,
                [
                    .. one.Document.Layers.Select(layer => new SharedLayer(
                        layer.Digest,
                        layer.Size,
                        [.. users[layer.Digest].Where(other => other.Manifest != one.Image.Manifest)]
                    )),
                ],
                Blobs(one.Document).Where(blob => users[blob.Digest].Count() == 1).Sum(blob => blob.Size)
            )),
        ];
    }

    private static IEnumerable<OciDescriptor> Blobs(OciManifest manifest) =>
        manifest.Layers.Append(manifest.Config).DistinctBy(blob => blob.Digest);
}

/// <summary>An image beside the others of its store.</summary>
/// <param name="Image">The image.</param>
/// <param name="Layers">Its layers, bottom first.</param>
/// <param name="Freed">Bytes of blobs that no other image has: what goes with it.</param>
public sealed record SharedImage(StoredImage Image, IReadOnlyList<SharedLayer> Layers, long Freed);

/// <summary>A layer of an image.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Others">Other images that have it.</param>
public sealed record SharedLayer(Digest Digest, long Size, IReadOnlyList<StoredImage> Others);
