using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Copying;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Policies;

/// <summary>Has images signed where a rule wants it.</summary>
/// <param name="rule">The rule; null for none.</param>
/// <param name="reference">The image.</param>
public sealed class PolicyApproval(PolicyRule? rule, ImageReference reference)
{
    private CosignSignature? _found;

    private bool IsWanted => rule is { Keys.Count: > 0 };

    /// <summary>Looks for the signature in the registry.</summary>
    /// <param name="connection">The registry, which stays open.</param>
    /// <param name="digests">The image's manifest, and the index that names it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6030, TY6032: there is none that counts.</exception>
    public async Task RequireAsync(RegistryConnection connection, IReadOnlyList<Digest> digests, CancellationToken cancellation)
    {
        if (IsWanted)
        {
            // The connection is the caller's, so the source is not disposed of.
#pragma warning disable CA2000
            await RequireAsync(new RegistrySource(connection, reference), digests, cancellation);
#pragma warning restore CA2000
        }
    }

    /// <summary>Looks for the signature that was kept beside an image of the store.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="image">The image.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6030, TY6032: there is none that counts.</exception>
    public async Task RequireAsync(StorePaths paths, StoredImage image, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(paths);
        if (IsWanted)
        {
            IReadOnlyList<Digest> digests = new ImageStore(paths).PulledDigest(image.Manifest) is { } pulled
                ? [image.Manifest, pulled]
                : [image.Manifest];
            using var source = new LayoutSource(new DirectoryFiles(paths.Oci), reference.ToString(), null);
            await RequireAsync(source, digests, cancellation);
        }
    }

    /// <summary>Keeps what was found beside the image, so that it can be started without the registry.</summary>
    public Task KeepAsync(StorePaths paths, Digest manifest, CancellationToken cancellation) =>
        _found is { } signature
            ? SignatureCheck.KeepAsync(paths, manifest, signature, reference.Registry, cancellation)
            : Task.CompletedTask;

    internal async Task RequireAsync(IImageSource source, IReadOnlyList<Digest> digests, CancellationToken cancellation)
    {
        if (IsWanted)
        {
            _found = await new SignatureCheck(rule!, reference.ToString()).RequireAsync(source, digests, cancellation);
        }
    }
}
