using Torchyard.Flows.Hosts;
using Torchyard.Images.Comparing;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;

namespace Torchyard.Flows.Naming;

/// <summary>Names of images.</summary>
internal sealed class NamedImages(Host host)
{
    /// <summary>Gives an image one more name.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3010, TY3012: which image is not clear; TY3016: the name is not
    /// one.</exception>
    public async Task<StoredImage> TagAsync(string image, string name, CancellationToken cancellation)
    {
        var store = new ImageStore(host.Store);
        // No prune in between.
        using var use = await store.BeginUseAsync(host.Progress, cancellation);
        return await store.NameAsync(store.Resolve(image), name, cancellation);
    }

    /// <summary>Compares two images.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3010, TY3012: which image is not clear.</exception>
    public async Task<(StoredImage Before, StoredImage After, ImageDifference Difference)> CompareAsync(
        string before,
        string after,
        CancellationToken cancellation
    )
    {
        var store = new ImageStore(host.Store);
        using var use = await store.BeginUseAsync(host.Progress, cancellation);
        var (old, now) = (store.Find(before), store.Find(after));
        return (old, now, ImageDifference.Between(store, old, now));
    }
}
