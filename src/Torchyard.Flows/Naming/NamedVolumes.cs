using Torchyard.Containers.Requests;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Naming;

/// <summary>A named volume.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its directory on the machine.</param>
/// <param name="UsedBy">Names of the containers that have it, also of those that have ended.</param>
internal sealed record NamedVolume(string Name, string Path, IReadOnlyList<string> UsedBy);

/// <summary>The named volumes of the store: <c>run -v NAME:TARGET</c> makes them, and they outlive their containers.</summary>
internal sealed class NamedVolumes(Host host)
{
    /// <summary>All of them, by name.</summary>
    public async Task<IReadOnlyList<NamedVolume>> ListAsync(CancellationToken cancellation)
    {
        using var directory = ConfinedDirectory.TryOpen(host.Store.Volumes);
        var names = (directory?.List() ?? []).Where(name => directory!.Status(name) is { IsDirectory: true }).ToList();
        var containers = await host.Containers().ListAsync(cancellation);
        return
        [
            .. names
                .Order(StringComparer.Ordinal)
                .Select(name => new NamedVolume(
                    name,
                    Path.Combine(host.Store.Volumes, name),
                    [
                        .. containers
                            .Where(container =>
                                container.Record.Mounts.Any(mount => mount.Kind == MountKind.Volume && mount.Source == name)
                            )
                            .Select(container => container.Record.Name),
                    ]
                )),
        ];
    }

    /// <summary>The one of a name.</summary>
    /// <exception cref="TorchyardException">TY4081: there is none.</exception>
    public async Task<NamedVolume> FindAsync(string name, CancellationToken cancellation)
    {
        var all = await ListAsync(cancellation);
        return all.FirstOrDefault(volume => volume.Name == name)
            ?? throw new TorchyardException(
                "TY4081",
                $"there is no volume '{name}'",
                KnownNames.Cure(
                    name,
                    all.Select(volume => volume.Name),
                    "there are no volumes: 'torchyard run -v NAME:TARGET' makes one",
                    "torchyard volume ls"
                )
            );
    }

    /// <summary>Removes one with all that is in it.</summary>
    /// <exception cref="TorchyardException">TY4081: there is none; TY4082: a container has it.</exception>
    public async Task RemoveAsync(string name, CancellationToken cancellation)
    {
        _ = await FindAsync(name, cancellation);
        // As long as it is held no container starts that could take it.
        using var alone = await host.Containers().HoldAsync(cancellation);
        var volume = await FindAsync(name, cancellation);
        if (volume.UsedBy.Count > 0)
        {
            throw new TorchyardException(
                "TY4082",
                $"the volume {name} is in use by {string.Join(", ", volume.UsedBy)}",
                $"remove the {(volume.UsedBy.Count == 1 ? "container" : "containers")} first: torchyard rm "
                    + string.Join(' ', volume.UsedBy)
            );
        }

        using var directory = ConfinedDirectory.Open(host.Store.Volumes);
        directory.DeleteTree(name);
    }
}
