using Torchyard.Flows.Hosts;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Pulling;
using Torchyard.Registry.References;

namespace Torchyard.Flows.Shipping;

/// <summary>Brings an image from a registry into the store.</summary>
internal sealed class PullFlow(Host host)
{
    /// <summary>Pulls it.</summary>
    /// <param name="image">As the user names it.</param>
    /// <param name="platform">For which machine; null for this one.</param>
    /// <param name="plainHttp">The registry may be asked without TLS.</param>
    /// <param name="cancellation">Ends it; what came stays.</param>
    /// <exception cref="TorchyardException">TY6001 to TY6014; TY3005: the disk is full.</exception>
    public async Task<PulledImage> RunAsync(string image, string? platform, bool plainHttp, CancellationToken cancellation)
    {
        var reference = ImageReference.Parse(image);
        var wanted = platform is null ? ImagePlatform.Machine : ImagePlatform.Parse(platform);
        using var connection = await Registries.OpenAsync(host, reference.Registry, reference.Repository, plainHttp, cancellation);
        // No prune until it has its name.
        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        return await new ImagePull(host.Store, connection, host.Progress).RunAsync(reference, wanted, cancellation);
    }
}
