using Torchyard.Flows.Hosts;
using Torchyard.Flows.Mirroring;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Mirrors;
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
        return await ThroughMirrorAsync(reference, wanted, cancellation)
            ?? await PullAsync(reference, wanted, new Source(reference.Registry, plainHttp), cancellation);
    }

    /// <summary>The mirror that was joined is asked first. Whatever it cannot do the registry does.</summary>
    private async Task<PulledImage?> ThroughMirrorAsync(ImageReference reference, ImagePlatform wanted, CancellationToken cancellation)
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
                new Source(mirror.Host, mirror.PlainHttp),
                cancellation
            );
        }
        catch (TorchyardException failure) when (failure.Code.StartsWith("TY60", StringComparison.Ordinal))
        {
            host.Progress.Note($"{failure.Message}; {reference.Registry} itself is asked");
            return null;
        }
    }

    private async Task<PulledImage> PullAsync(ImageReference reference, ImagePlatform wanted, Source source, CancellationToken cancellation)
    {
        using var connection = await Registries.OpenAsync(host, source.Registry, reference.AskedRepository, source.PlainHttp, cancellation);
        // No prune until it has its name.
        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        return await new ImagePull(host.Store, connection, host.Progress).RunAsync(reference, wanted, cancellation);
    }

    /// <summary>Who is asked.</summary>
    private readonly record struct Source(string Registry, bool PlainHttp);
}
