using Torchyard.Flows.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;

namespace Torchyard.Flows.Repair;

/// <summary>
/// The layers of an image as directories, for whoever calls: an ordinary user's are extracted in the store's user namespace, since they
/// have files of many users; and a blob that turns out damaged while it is extracted is made again from the image's lock.
/// </summary>
internal sealed class RepairingLayers(Host host) : IMountedLayers
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> EnsureAsync(StoredImage image, IProgressSink progress, CancellationToken cancellation)
    {
        var layers = new MountedLayers(host.Store);
        var repaired = new RepairedImage(host);
        if (layers.IsMissing(image) && !host.Caller.IsRoot)
        {
            await repaired.ExtractInNamespaceAsync(image.Manifest, cancellation);
        }

        try
        {
            return await layers.EnsureAsync(image, progress, cancellation);
        }
        catch (TorchyardException damage) when (RepairedImage.IsDamage(damage))
        {
            await repaired.RemakeAsync(image.Manifest, damage, cancellation);
            return await layers.EnsureAsync(image, progress, cancellation);
        }
    }
}
