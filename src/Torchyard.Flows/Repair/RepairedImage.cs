using Torchyard.Containers.Namespaces;
using Torchyard.Flows.Assembling;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Repair;

/// <summary>Images of the store, made again from the lock that is attached to them when reading them shows damage.</summary>
internal sealed class RepairedImage(Host host)
{
    /// <summary>The hidden verb with which the program asks itself for the layers in an ordinary user's namespace.</summary>
    internal const string LayersVerb = "layers";

    private readonly ImageStore _images = new(host.Store);

    /// <summary>True for the failures that a damaged or missing blob causes.</summary>
    public static bool IsDamage(TorchyardException failure) =>
        failure.Code is ImageCodes.DamagedBlob or ImageCodes.MissingBlob or ImageCodes.BadDocument;

    /// <summary>An image by name or digest; its documents are made again when they cannot be read.</summary>
    public async Task<StoredImage> FindAsync(string nameOrDigest, CancellationToken cancellation)
    {
        try
        {
            return _images.Find(nameOrDigest);
        }
        catch (TorchyardException damage) when (IsDamage(damage))
        {
            var manifest = _images.Resolve(nameOrDigest);
            if (host.Caller.IsRoot)
            {
                await RemakeAsync(manifest, damage, cancellation);
            }
            else
            {
                await ExtractInNamespaceAsync(manifest, cancellation);
            }

            return _images.Find(nameOrDigest);
        }
    }

    /// <summary>Makes an image again from its lock.</summary>
    /// <param name="manifest">Its digest.</param>
    /// <param name="damage">What was found; thrown again when there is no lock to make it from.</param>
    /// <param name="cancellation">Ends the work.</param>
    public async Task RemakeAsync(Digest manifest, TorchyardException damage, CancellationToken cancellation)
    {
        if (_images.LockOf(manifest) is not { } locked)
        {
            throw new TorchyardException(
                damage.Code,
                $"{damage.Message}, and no lock is attached to the image that it could be made again from",
                "build it again from its recipe (torchyard build), or copy it again from where it came from",
                damage
            );
        }

        host.Progress.Note($"Damaged, made again from the image's lock: {damage.Message}");
        new StoreRepair(host.Store).ForgetDamaged(manifest);
        if (locked.Base is { } under && !_images.IsComplete(under.Manifest))
        {
            // What it is built on comes first; the layers of both are the same.
            await RemakeAsync(under.Manifest, damage, cancellation);
        }

        var made = await new ProjectImage(host, new RepairingLayers(host)).RemakeAsync(locked, cancellation);
        if (made != manifest)
        {
            throw new TorchyardException(
                "TY3021",
                $"image {manifest} is damaged, and its lock gives {made} with this version of Torchyard",
                "build it again from its recipe (torchyard build) and use that, then remove the damaged one (torchyard rmi)",
                damage
            );
        }
    }

    /// <summary>Extracts an ordinary user's image in the store's user namespace, and repairs it there where needed.</summary>
    public async Task ExtractInNamespaceAsync(Digest manifest, CancellationToken cancellation)
    {
        // Made from out here, these belong to the caller however it ends.
        foreach (var directory in new[] { host.Store.Layers, host.Store.Temporary })
        {
            Directory.CreateDirectory(directory);
        }

        host.Dialogue.StepAside();
        var status = await new StoreNamespace(host.Store, host.Self).RunAsync(
            ["--store", host.Store.Root, LayersVerb, manifest.ToString()],
            "/",
            keepOutput: false,
            cancellation
        );
        if (status != 0)
        {
            throw new TorchyardException(
                "TY4008",
                $"extracting the image inside the user namespace ended with exit status {status}; the lines above say why",
                "do what they say, then run the same command again"
            );
        }
    }
}
