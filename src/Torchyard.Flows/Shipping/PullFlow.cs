using Torchyard.Flows.Hosts;
using Torchyard.Flows.Mirroring;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;
using Torchyard.Registry.Mirrors;
using Torchyard.Registry.Policies;
using Torchyard.Registry.Pulling;
using Torchyard.Registry.References;
using Torchyard.Registry.Referrers;

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
        var approval = new PolicyApproval(host.Policy().Require(reference), reference);
        return await ThroughMirrorAsync(reference, wanted, approval, cancellation)
            ?? await PullAsync(reference, wanted, approval, new Source(reference.Registry, plainHttp), cancellation);
    }

    /// <summary>The mirror that was joined is asked first. Whatever it cannot do the registry does.</summary>
    private async Task<PulledImage?> ThroughMirrorAsync(
        ImageReference reference,
        ImagePlatform wanted,
        PolicyApproval approval,
        CancellationToken cancellation
    )
    {
        if (MirrorPlaces.Joined(host.Caller) is not { } mirror || !mirror.Registries.Contains(reference.Registry))
        {
            return null;
        }

        try
        {
            return await PullAsync(
                reference.Through(JoinedMirror.FirstPart(reference.Registry)),
                wanted,
                approval,
                new Source(mirror.Host, mirror.PlainHttp),
                cancellation
            );
        }
        catch (TorchyardException failure) when (RegistryCodes.IsOne(failure.Code))
        {
            host.Progress.Note($"{failure.Message}; {reference.Registry} itself is asked");
            return null;
        }
    }

    private async Task<PulledImage> PullAsync(
        ImageReference reference,
        ImagePlatform wanted,
        PolicyApproval approval,
        Source source,
        CancellationToken cancellation
    )
    {
        using var connection = await Registries.OpenAsync(host, source.Registry, reference.AskedRepository, source.PlainHttp, cancellation);
        // No prune until it has its name.
        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        var pull = new ImagePull(host.Store, connection, host.Progress)
        {
            Approve = (digests, stop) => approval.RequireAsync(connection, digests, stop),
        };
        var pulled = await pull.RunAsync(reference, wanted, cancellation);
        await approval.KeepAsync(host.Store, pulled.Image.Manifest, cancellation);
        return pulled with { Attached = await AttachAsync(pulled.Image, connection, reference, cancellation) };
    }

    // What says what is in an image is not the image.
    private async Task<int> AttachAsync(
        StoredImage image,
        RegistryConnection connection,
        ImageReference reference,
        CancellationToken cancellation
    )
    {
        try
        {
            return await new AttachedPull(host.Store, connection).RunAsync(image.Manifest, reference.AskedRepository, cancellation);
        }
        catch (TorchyardException failure) when (RegistryCodes.IsOne(failure.Code))
        {
            host.Progress.Warn($"the image is here without its bill of materials and its lock: {failure.Message}");
            return 0;
        }
    }

    /// <summary>Who is asked.</summary>
    private readonly record struct Source(string Registry, bool PlainHttp);
}
