using Torchyard.Flows.Hosts;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Copying;
using Torchyard.Registry.Policies;
using Torchyard.Registry.References;

namespace Torchyard.Flows.Shipping;

/// <summary>Copies an image between registries, layouts, archives, engines and the store.</summary>
internal sealed class ImageCopyFlow(Host host)
{
    /// <summary>What the user wrote.</summary>
    /// <param name="From">Source.</param>
    /// <param name="To">Target.</param>
    internal sealed record Request(string From, string To)
    {
        /// <summary><c>--platform</c>; null for this machine's.</summary>
        public string? Platform { get; init; }

        /// <summary><c>--all</c>.</summary>
        public bool All { get; init; }

        /// <summary><c>--referrers</c>.</summary>
        public bool Referrers { get; init; }

        /// <summary><c>--plain-http</c>.</summary>
        public bool PlainHttp { get; init; }
    }

    /// <summary>Copies it.</summary>
    /// <exception cref="TorchyardException">TY3005; TY3010: the store has no such image; TY6001 to TY6023.</exception>
    public async Task<CopiedImage> RunAsync(Request request, CancellationToken cancellation)
    {
        var copy = new CopyRequest
        {
            From = CopyPlace.Parse(request.From, host.Caller.FullPath),
            To = CopyPlace.Parse(request.To, host.Caller.FullPath),
            Platform = request.Platform is null ? ImagePlatform.Machine : ImagePlatform.Parse(request.Platform),
            All = request.All,
            Referrers = request.Referrers,
        };
        var approval = copy.From.Reference is { } image ? new PolicyApproval(host.Policy().Require(image), image) : null;
        // No prune until it has its name.
        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        var places = new CopyPlaces(
            host.Store,
            (named, stop) => Registries.OpenAsync(host, named.Registry, named.Repository, request.PlainHttp, stop),
            host.Progress
        )
        {
            Approve = approval is null ? null : approval.RequireAsync,
        };
        return await places.CopyAsync(copy, cancellation);
    }
}
