using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Errors;
using Torchyard.Registry.Policies;
using Torchyard.Registry.References;

namespace Torchyard.Flows.Shipping;

/// <summary>The image that a container is to start from: that of the store, or of its registry.</summary>
internal sealed class WantedImage(Host host)
{
    /// <summary>Finds it, and fetches it where it is missing.</summary>
    /// <param name="name">As the user wrote it.</param>
    /// <param name="when">When its registry is asked.</param>
    /// <param name="cancellation">Ends it; what came stays.</param>
    /// <exception cref="TorchyardException">TY3010: there is no such image; TY6001 to TY6017: nor does its registry give it.</exception>
    public async Task<StoredImage> FindAsync(string name, PullWhen when, CancellationToken cancellation)
    {
        if (when == PullWhen.Always)
        {
            return await PullAsync(name, cancellation);
        }

        try
        {
            var image = await new RepairedImage(host).FindAsync(name, cancellation);
            await RequireAllowedAsync(name, image, cancellation);
            return image;
        }
        catch (TorchyardException absent) when (absent.Code == ImageCodes.NoSuchImage && when == PullWhen.Missing && IsOfRegistry(name))
        {
            try
            {
                return await PullAsync(name, cancellation);
            }
            catch (TorchyardException failure) when (RegistryCodes.IsOne(failure.Code))
            {
                throw new TorchyardException(
                    failure.Code,
                    $"the store does not have '{name}', and {failure.Message}",
                    failure.Cure,
                    failure
                )
                {
                    IsUsage = failure.IsUsage,
                };
            }
        }
    }

    // 'vision' alone is a name of this machine: one that is mistyped must not become whatever a stranger's registry has under it.
    private static bool IsOfRegistry(string name) =>
        name.Contains('/', StringComparison.Ordinal) || name.Contains("@sha256:", StringComparison.Ordinal);

    private async Task RequireAllowedAsync(string name, StoredImage image, CancellationToken cancellation)
    {
        var policy = host.Policy();
        if (policy.Path is null)
        {
            return;
        }

        var own = image.Names.FirstOrDefault(IsOfRegistry);
        if (!IsOfRegistry(name) && (own is null || image.Names.Any(other => !IsOfRegistry(other))))
        {
            policy.RequireLocal(name);
            return;
        }

        // Whoever named the start of a digest named a digest.
        var reference = IsOfRegistry(name)
            ? ImageReference.Parse(name)
            : ImageReference.Parse($"{ImageReference.Parse(own!).Name}@{image.Manifest}");
        await new PolicyApproval(policy.Require(reference), reference).RequireAsync(host.Store, image, cancellation);
    }

    private async Task<StoredImage> PullAsync(string name, CancellationToken cancellation) =>
        (await new PullFlow(host).RunAsync(name, platform: null, plainHttp: false, cancellation)).Image;
}
