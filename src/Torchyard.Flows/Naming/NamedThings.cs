using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Naming;

/// <summary>What a name stands for: one of the three.</summary>
/// <param name="Container">A container.</param>
/// <param name="Image">An image.</param>
/// <param name="Volume">A volume.</param>
/// <param name="Directory">The directory of a container in the store.</param>
internal sealed record NamedThing(ContainerInfo? Container, StoredImage? Image, NamedVolume? Volume, string? Directory);

/// <summary>Finds what a name stands for where it may be a container, an image or a volume.</summary>
internal sealed class NamedThings(Host host)
{
    /// <summary>The word for a container.</summary>
    public const string Container = "container";

    /// <summary>The word for an image.</summary>
    public const string Image = "image";

    /// <summary>The word for a volume.</summary>
    public const string Volume = "volume";

    /// <summary>Finds it: among the containers, then the images, then the volumes.</summary>
    /// <param name="name">The name.</param>
    /// <param name="kind">Where to look alone; null for everywhere.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <exception cref="TorchyardException">TY4040, TY3010, TY4081: there is none of that kind; TY4079: there is none at all.</exception>
    public async Task<NamedThing> FindAsync(string name, string? kind, CancellationToken cancellation)
    {
        var containers = new NamedContainers(host);
        if (kind == Container || (kind is null && await containers.IsOneAsync(name, cancellation)))
        {
            var container = await containers.FindAsync(name, cancellation);
            return new NamedThing(container, null, null, Path.Combine(host.Store.Containers, container.Record.Id));
        }

        var images = new ImageStore(host.Store);
        if (kind == Image || (kind is null && images.List().Any(image => IsNameOf(name, image))))
        {
            return new NamedThing(null, images.Find(name), null, null);
        }

        var volumes = new NamedVolumes(host);
        var all = await volumes.ListAsync(cancellation);
        if (kind == Volume || all.Any(volume => volume.Name == name))
        {
            return new NamedThing(null, null, await volumes.FindAsync(name, cancellation), null);
        }

        var known = (await host.Containers().ListAsync(cancellation))
            .Select(container => container.Record.Name)
            .Concat(images.List().SelectMany(image => image.Names))
            .Concat(all.Select(volume => volume.Name));
        throw new TorchyardException(
            "TY4079",
            $"there is no container, image or volume '{name}'",
            KnownNames.Cure(
                name,
                known,
                "there are none: 'torchyard up' or 'torchyard build' makes some",
                "torchyard ps -a",
                "torchyard images",
                "torchyard volume ls"
            )
        );
    }

    // As ImageStore.Find has it.
    private static bool IsNameOf(string name, StoredImage image) =>
        image.Names.Contains(name, StringComparer.Ordinal)
        || image.Names.Contains(name + ":latest", StringComparer.Ordinal)
        || (
            name.Length >= 4
            && image.Manifest.Hex.StartsWith(
                name.StartsWith("sha256:", StringComparison.Ordinal) ? name[7..] : name,
                StringComparison.Ordinal
            )
        );
}
