using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Launch;

/// <summary>A mount for the runtime, and as whose its files appear.</summary>
/// <param name="Mount">With the host's path as its source.</param>
/// <param name="Ids">Ids on disk and inside, or null: as they are.</param>
internal sealed record PlannedMount(MountConfig Mount, IdMapping? Ids = null);

/// <summary>
/// Turns the mounts that the user asked for, whose sources are settled (<see cref="MountSources"/>), into mounts of the runtime.
/// </summary>
/// <param name="store">Holds named volumes.</param>
/// <param name="ids">As whose files appear; null as an ordinary user.</param>
/// <param name="warn">Gets warnings.</param>
internal sealed class MountPlanner(StorePaths store, MountIds? ids, Action<string> warn) : IDisposable
{
    private readonly IdMapNamespaces _namespaces = new();

    /// <inheritdoc />
    public void Dispose() => _namespaces.Dispose();

    /// <summary>Plans the mounts.</summary>
    /// <param name="requests">What the user asked for.</param>
    /// <param name="directory">The container.</param>
    /// <param name="user">Who writes to them.</param>
    public IReadOnlyList<PlannedMount> Plan(IReadOnlyList<MountRequest> requests, ContainerDirectory directory, ContainerUser user) =>
        [
            .. requests.Select(request =>
                request.Kind switch
                {
                    MountKind.Tmpfs => new PlannedMount(Tmpfs(request)),
                    MountKind.Bind => Bind(request),
                    _ => new PlannedMount(
                        RuntimeDefaults.Bind(Volume(request, directory, user), request.Target, request.ReadOnly),
                        ids?.ForStore
                    ),
                }
            ),
        ];

    private PlannedMount Bind(MountRequest request)
    {
        var mount = new MountConfig
        {
            Destination = request.Target,
            Type = "bind",
            Source = request.Source,
            Options = ["rbind", request.Propagation, "nosuid", "nodev", .. request.ReadOnly ? (string[])["ro"] : []],
        };
        if (StatusCalls.Read(request.Source) is not { } owner || ids?.ForBind(owner) is not { } mapping)
        {
            return new PlannedMount(mount);
        }

        if (MountTrees.CanMap(request.Source, mapping, _namespaces))
        {
            return new PlannedMount(mount, mapping);
        }

        if (ids.Warning(request, owner) is { } warning)
        {
            warn(warning);
        }

        return new PlannedMount(mount);
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

        return new MountConfig
        {
            Destination = request.Target,
            Type = "tmpfs",
            Source = "tmpfs",
            Options = options,
        };
    }

    private string Volume(MountRequest request, ContainerDirectory directory, ContainerUser user)
    {
        var path =
            request.Source.Length > 0
                ? Path.Combine(store.Volumes, request.Source)
                : Path.Combine(directory.Volumes, request.Target.Trim('/').Replace('/', '-'));
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            if (ids is not null && OwnerCalls.Set(path, user.Uid, user.Gid) != 0)
            {
                warn($"{path} could not be given to uid {user.Uid}: {Errno.Text(Errno.Last)}");
            }
        }

        return path;
    }
}
