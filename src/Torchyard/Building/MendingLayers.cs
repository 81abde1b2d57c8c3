using Torchyard.CommandLine;
using Torchyard.Images;
using Torchyard.Platform;

namespace Torchyard.Building;

/// <summary>
/// The layers of an image as directories, for whoever calls: an ordinary user's are extracted in the store's user namespace, since they have
/// files of many users; and a blob that turns out damaged while it is extracted is made again from the image's lock.
/// </summary>
internal sealed class MendingLayers(Invocation invocation) : IMountedLayers
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> EnsureAsync(StoredImage image, IProgressSink progress, CancellationToken cancellation)
    {
        var layers = new MountedLayers(invocation.Store);
        var mended = new MendedImage(invocation);
        if (layers.IsMissing(image) && !invocation.Caller.IsRoot)
        {
            await mended.ExtractInNamespaceAsync(image.Manifest, cancellation);
        }

        try
        {
            return await layers.EnsureAsync(image, progress, cancellation);
        }
        catch (TorchyardException damage) when (MendedImage.IsDamage(damage))
        {
            await mended.RemakeAsync(image.Manifest, damage, cancellation);
            return await layers.EnsureAsync(image, progress, cancellation);
        }
    }
}
