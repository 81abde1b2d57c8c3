using System.Globalization;
using Torchyard.Containers.Native;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Platform;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Launch;

/// <summary>Turns the mounts that the user asked for into mounts of the runtime; makes what may be made.</summary>
/// <param name="store">Holds named volumes.</param>
/// <param name="warn">Gets warnings.</param>
internal sealed class MountPlanner(StorePaths store, Action<string> warn)
{
    /// <summary>Plans the mounts.</summary>
    /// <param name="requests">What the user asked for.</param>
    /// <param name="directory">The container.</param>
    /// <param name="user">Who writes to them.</param>
    /// <param name="mapToOwner">True when files must be shown as the container user's by an idmapped mount (the machine's root).</param>
    /// <returns>Mounts, and those that are idmapped before the runtime binds them.</returns>
    public (IReadOnlyList<MountConfig> Mounts, IReadOnlyList<Namespaces.IdmappedMount> Idmapped) Plan(
        IReadOnlyList<MountRequest> requests, ContainerDirectory directory, ContainerUser user, bool mapToOwner)
    {
        var mounts = new List<MountConfig>();
        var idmapped = new List<Namespaces.IdmappedMount>();
        foreach (var request in requests)
        {
            if (request.Kind == MountKind.Tmpfs)
            {
                mounts.Add(Tmpfs(request));
                continue;
            }

            var source = request.Kind == MountKind.Bind ? BindSource(request) : VolumeSource(request, directory, user, mapToOwner);
            if (mapToOwner
                && request.Kind == MountKind.Bind
                && user.Uid != 0
                && Libc.Status(source) is { IsDirectory: true } status
                && status.Uid != user.Uid)
            {
                var target = Path.Combine(directory.Mounts, idmapped.Count.ToString(CultureInfo.InvariantCulture));
                var mapping = new Namespaces.IdmappedMount(source, target, status.Uid, user.Uid, status.Gid, user.Gid);
                if (Namespaces.IdmappedMounts.IsSupported(mapping))
                {
                    Directory.CreateDirectory(target);
                    idmapped.Add(mapping);
                    source = target;
                }
                else if (!request.ReadOnly)
                {
                    warn($"{source} belongs to uid {status.Uid}, and its file system cannot show it as uid {user.Uid}: "
                        + $"the program may be unable to write there; chown it, or start with --user {status.Uid}:{status.Gid}");
                }
            }

            mounts.Add(new MountConfig
            {
                Destination = request.Target,
                Type = "bind",
                Source = source,
                Options = ["rbind", request.Propagation, "nosuid", "nodev", .. request.ReadOnly ? (string[])["ro"] : []],
            });
        }

        return (mounts, idmapped);
    }

    private static MountConfig Tmpfs(MountRequest request)
    {
        List<string> options = ["nosuid", "nodev", "mode=" + Convert.ToString(request.TmpfsMode, 8)];
        if (request.TmpfsSize is { } size)
        {
            options.Add(FormattableString.Invariant($"size={size}"));
        }

        if (request.ReadOnly)
        {
            options.Add("ro");
        }

        return new MountConfig { Destination = request.Target, Type = "tmpfs", Source = "tmpfs", Options = options };
    }

    private static string BindSource(MountRequest request)
    {
        if (!Path.Exists(request.Source))
        {
            if (!request.CreateSource)
            {
                throw new TorchyardException(
                    "TY4034", $"{request.Source}, to be mounted at {request.Target}, does not exist", "make it, or use -v, which makes it")
                {
                    IsUsage = true,
                };
            }

            Directory.CreateDirectory(request.Source);
        }

        return request.Source;
    }

    private string VolumeSource(MountRequest request, ContainerDirectory directory, ContainerUser user, bool isRoot)
    {
        var path = request.Source.Length > 0
            ? Path.Combine(store.Volumes, request.Source)
            : Path.Combine(directory.Volumes, request.Target.Trim('/').Replace('/', '-'));
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            if (isRoot && Libc.ChangeOwner(path, user.Uid, user.Gid) != 0)
            {
                warn($"{path} could not be given to uid {user.Uid}: {Errno.Text(Errno.Last)}");
            }
        }

        return path;
    }
}
