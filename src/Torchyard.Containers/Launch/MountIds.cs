using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Launch;

/// <summary>As whose the files of a mount appear inside; only for the machine's root, who may make idmapped mounts.</summary>
/// <param name="user">The container's user.</param>
/// <param name="container">Ids of the container's user namespace; null when it shares the machine's.</param>
internal sealed class MountIds(ContainerUser user, IdMapping? container)
{
    private const uint Largest = uint.MaxValue - 1;

    /// <summary>Ids for a bind mount, or null when the files may appear as they are.</summary>
    /// <param name="owner">Owner of the directory or file.</param>
    public IdMapping? ForBind(FileStatus owner)
    {
        if (container is not null)
        {
            return new IdMapping(
                ContainerIds.ForMount(owner.User, user.Uid, container.Uids),
                ContainerIds.ForMount(owner.Group, user.Gid, container.Gids),
                Full: true
            );
        }

        return user.Uid == 0 || !owner.IsDirectory || owner.User == user.Uid
            ? null
            : new IdMapping(Swap(owner.User, user.Uid), Swap(owner.Group, user.Gid), Full: true);
    }

    /// <summary>Ids for what the store keeps for containers: on the disk as they are inside, whatever range a container has.</summary>
    public IdMapping? ForStore => container;

    /// <summary>Warning for a mount whose file system cannot show other ids; null when nothing is lost.</summary>
    public string? Warning(MountRequest mount, FileStatus owner)
    {
        // A device such as /dev/null, which hides a file: everybody has all rights that it gives.
        if (owner.IsCharacterDevice && (owner.Mode & FileModes.OthersReadWrite) == FileModes.OthersReadWrite)
        {
            return null;
        }

        var needed = owner.IsDirectory ? FileModes.OthersRead | FileModes.OthersExecute : FileModes.OthersRead;
        if (mount.ReadOnly && (owner.Mode & needed) == needed)
        {
            return null;
        }

        return container is null
            ? $"{mount.Source} belongs to uid {owner.User}, and its file system cannot show it as uid {user.Uid}: "
                + $"the program may be unable to {(mount.ReadOnly ? "read" : "write")} there; chown it, or start with --user "
                + $"{owner.User}:{owner.Group}"
            : $"{mount.Source} is on a file system that cannot show its files as the container user's (NFS and FUSE cannot): the program "
                + "has the rights there that others have; start as the ordinary user that the files belong to, or with --userns host "
                + $"--user {owner.User}:{owner.Group}";
    }

    /// <summary>Swaps two ids and leaves every other alone, so that the mapping stays one to one.</summary>
    internal static IReadOnlyList<IdRange> Swap(uint disk, uint shown)
    {
        if (disk == shown)
        {
            return [new IdRange(0, 0, Largest)];
        }

        var (low, high) = disk < shown ? (disk, shown) : (shown, disk);
        IdRange[] rows =
        [
            new(0, 0, low),
            new(low, high, 1),
            new(low + 1, low + 1, high - low - 1),
            new(high, low, 1),
            new(high + 1, high + 1, Largest - high),
        ];
        return [.. rows.Where(row => row.Count > 0)];
    }
}
