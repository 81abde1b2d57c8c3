using Torchyard.CommandLine;
using Torchyard.Commands;
using Torchyard.Containers.Namespaces;
using Torchyard.Images;
using Torchyard.Platform;

namespace Torchyard.Building;

/// <summary>Images of the store, made again from the lock that is attached to them when reading them shows damage.</summary>
internal sealed class MendedImage(Invocation invocation)
{
    private readonly ImageStore _images = new(invocation.Store);

    /// <summary>True for the failures that a damaged or missing blob causes.</summary>
    public static bool IsDamage(TorchyardException failure) => failure.Code is "TY3008" or "TY3009" or "TY3011";

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
            if (invocation.Caller.IsRoot)
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
                damage.Code, $"{damage.Message}, and no lock is attached to the image that it could be made again from",
                "build it again from its recipe (torchyard build), or copy it again from where it came from", damage);
        }

        invocation.Screen.Progress.Note($"Damaged, made again from the image's lock: {damage.Message}");
        new StoreRepair(invocation.Store).ForgetDamaged(manifest);
        var made = await new ProjectImage(invocation).RemakeAsync(locked, cancellation);
        if (made != manifest)
        {
            throw new TorchyardException(
                "TY3021", $"image {manifest} is damaged, and its lock gives {made} with this version of Torchyard",
                "build it again from its recipe (torchyard build) and use that, then remove the damaged one (torchyard rmi)", damage);
        }
    }

    /// <summary>Extracts an ordinary user's image in the store's user namespace, and mends it there where needed.</summary>
    public async Task ExtractInNamespaceAsync(Digest manifest, CancellationToken cancellation)
    {
        // Made from out here, these belong to the caller however it ends.
        foreach (var directory in new[] { invocation.Store.Layers, invocation.Store.Temporary })
        {
            Directory.CreateDirectory(directory);
        }

        invocation.Screen.CloseProgress();
        var status = await new StoreNamespace(invocation.Store, SelfProgram.Current).RunAsync(
            ["--store", invocation.Store.Root, LayersCommand.VerbName, manifest.ToString()], keepOutput: false, cancellation);
        if (status != ExitCode.Done)
        {
            throw new TorchyardException(
                "TY4008", $"extracting the image inside the user namespace ended with exit status {status}; the lines above say why",
                "do what they say, then run the same command again");
        }
    }
}
