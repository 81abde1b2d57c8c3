using System.Globalization;
using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.BaseImages;

/// <summary>
/// The image that another is built on, <c>base.image</c>: its layers are carried as they are, and everything else is put upon them.
/// </summary>
internal sealed class BaseSource : ILayerSource
{
    /// <inheritdoc />
    public LayerOrder Order => LayerOrder.Base;

    /// <inheritdoc />
    public bool IsIn(RecipeLock locked) => locked.Base is not null;

    /// <inheritdoc />
    public async Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context)
    {
        var name = NameOf(context.Locked);
        var locked = context.Locked.Base!;
        var image = Find(context, locked, name);
        IReadOnlyList<string> roots;
        try
        {
            roots = await new MountedLayers(context.Store).EnsureAsync(image, context.Progress, context.Cancellation);
        }
        catch (TorchyardException damage) when (damage.Code is ImageCodes.DamagedBlob or ImageCodes.MissingBlob)
        {
            throw ImageErrors.BaseGone(name, damage.Message, damage);
        }

        var epoch = Math.Clamp(image.Created, BaseImageReader.FirstDay, Math.Max(BaseImageReader.FirstDay, context.Locked.SourceDateEpoch));
        return
        [
            .. locked.Layers.Select(
                (layer, index) =>
                    new LayerPlan(below =>
                        Task.FromResult(
                            Place(layer, roots[^(index + 1)], $"layer {index + 1} of {locked.Layers.Count} of {name}", below, epoch)
                        )
                    )
            ),
        ];
    }

    /// <inheritdoc />
    public SourceSoftware Software(RecipeLock locked)
    {
        var image = locked.Base!;
        var vendor = image.Distribution ?? "debian";
        var release = DebianRelease.Of(vendor, version: null, image.Suite);
        return new SourceSoftware([
            new SpdxPackage(null, NameOf(locked), image.Manifest.ToString())
            {
                Id = SpdxPackage.IdOf("image", image.Manifest.Hex),
                SourceInfo = $"the image that this one is built on, {image.Manifest}",
            },
            .. image.Packages.Select(package =>
                SpdxPackage.Debian(
                    vendor,
                    package.Name,
                    package.Version,
                    package.Architecture,
                    release,
                    new SourcePackage(package.Source ?? package.Name, package.SourceVersion)
                )
            ),
        ]);
    }

    /// <inheritdoc />
    public LayerReason? Explain(RecipeLock locked, string name)
    {
        var image = locked.Base!;
        var from = $"{NameOf(locked)} was {image.Manifest} when the lock was made";
        return name == locked.Recipe.Base.Image
                ? new LayerReason(name, "image", [], ["base.image of the recipe has it", from, Count.Of(image.Layers.Count, "layer")])
                {
                    Title = "the base image",
                }
            : image.Packages.FirstOrDefault(package => package.Name == name) is { } package
                ? new LayerReason($"{package.Name} {package.Version}", "image", [], [$"it is installed in {NameOf(locked)}", from])
                {
                    Title = "of the base image",
                }
            : null;
    }

    private static string NameOf(RecipeLock locked) => locked.Recipe.Base.Image ?? locked.Base!.Manifest.ToString();

    /// <summary>The image, which must have the layers of the lock: nobody's lock takes single layers out of other images.</summary>
    private static StoredImage Find(LayerContext context, LockedBase locked, string name)
    {
        var store = new ImageStore(context.Store);
        if (RegularFile.Length(context.Layout.BlobPath(locked.Manifest)) is null)
        {
            throw ImageErrors.BaseGone(name, $"{locked.Manifest} is not in the store any more");
        }

        StoredImage image;
        OciManifest manifest;
        try
        {
            image = store.Read(locked.Manifest);
            manifest = store.ReadManifest(locked.Manifest);
        }
        catch (TorchyardException damage)
        {
            throw ImageErrors.BaseGone(name, damage.Message, damage);
        }

        var has = manifest.Layers.Zip(image.DiffIds, (layer, diffId) =>
            new LockedBaseLayer(layer.Digest, diffId, layer.Size, layer.MediaType)
        );
        return has.SequenceEqual(locked.Layers) ? image : throw ImageErrors.BaseDiffers(name, $"{locked.Manifest} has other layers");
    }

    private static PlacedLayer Place(LockedBaseLayer layer, string root, string history, LayerStack below, long epoch) =>
        new(
            BuildKey.Of("base image", [.. below.Keys, layer.DiffId.Hex, epoch.ToString(CultureInfo.InvariantCulture)]),
            root,
            Task.FromResult(
                new ImageLayer(
                    new PackedLayer
                    {
                        DiffId = layer.DiffId,
                        Blob = layer.Digest,
                        Size = layer.Size,
                        // Nobody measured it, and nothing is decided by it.
                        UncompressedSize = layer.Size,
                        MediaType = layer.MediaType,
                    },
                    history
                )
            )
        )
        {
            Epoch = epoch,
            CoversBelow = true,
        };
}
