using Torchyard.Flows.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;
using Torchyard.Registry.Pushing;
using Torchyard.Registry.References;
using Torchyard.Registry.Referrers;

namespace Torchyard.Flows.Shipping;

/// <summary>Sends an image of the store to a registry.</summary>
internal sealed class PushFlow(Host host)
{
    /// <summary>Pushes it.</summary>
    /// <param name="image">The image, as the store knows it.</param>
    /// <param name="target">Its name in the registry; null where the image's own name says it.</param>
    /// <param name="plainHttp">The registry may be asked without TLS.</param>
    /// <param name="cancellation">Ends it; layers that were sent stay there.</param>
    /// <exception cref="TorchyardException">TY3010, TY3012: which image is not clear; TY6001 to TY6014.</exception>
    public async Task<(ImageReference Target, PushedImage Pushed)> RunAsync(
        string image,
        string? target,
        bool plainHttp,
        CancellationToken cancellation
    )
    {
        var reference = Target(image, target);
        var store = new ImageStore(host.Store);
        using var use = await store.BeginUseAsync(host.Progress, cancellation);
        var found = store.Find(image);
        using var connection = await Registries.OpenAsync(host, reference.Registry, reference.Repository, plainHttp, cancellation);
        var pushed = await new ImagePush(host.Store, connection, host.Progress).RunAsync(found, reference, cancellation);
        return (reference, pushed with { Attached = await AttachAsync(found, connection, reference, cancellation) });
    }

    // The image is there: a registry that takes no artifacts has it all the same.
    private async Task<int> AttachAsync(
        StoredImage image,
        RegistryConnection connection,
        ImageReference reference,
        CancellationToken cancellation
    )
    {
        try
        {
            return await new AttachedPush(host.Store, connection).RunAsync(image.Manifest, reference.Repository, cancellation);
        }
        catch (TorchyardException failure) when (RegistryCodes.IsOne(failure.Code))
        {
            host.Progress.Warn($"the image is there without its bill of materials and its lock: {failure.Message}");
            return 0;
        }
    }

    private static ImageReference Target(string image, string? target)
    {
        // 'vision' is a name of this machine, and nobody means docker.io/library/vision by it.
        if (target is null && !image.Contains('/', StringComparison.Ordinal))
        {
            throw new TorchyardException(
                "TY6001",
                $"'{image}' does not say to which registry",
                $"write it behind: torchyard push {image} REGISTRY/NAME:TAG"
            )
            {
                IsUsage = true,
            };
        }

        var reference = ImageReference.Parse(target ?? image);
        return reference.Digest is null
            ? reference
            : throw new TorchyardException(
                "TY6001",
                $"'{target ?? image}' has a digest, which an image has from what is in it",
                "write a tag alone: REGISTRY/NAME:TAG"
            )
            {
                IsUsage = true,
            };
    }
}
