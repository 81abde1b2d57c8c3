using System.Globalization;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Engines;

/// <summary>
/// What podman must be told on this machine besides the request. docker's daemon is another process, with rights of its own.
/// </summary>
internal static class PodmanOptions
{
    // podman lowers its own limit of processes to this before it starts a container, and cannot raise it again without CAP_SYS_RESOURCE.
    private const ulong PodmanProcesses = 32768;

    /// <summary>
    /// The request with limits of setrlimit(2) that podman may set: by default it asks for 1048576 open files, and where the caller's hard
    /// limit is lower nothing starts.
    /// </summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="hard">Hard limits of this process by ulimit name.</param>
    /// <param name="mayRaise">True with CAP_SYS_RESOURCE.</param>
    /// <param name="warn">Told about limits that were lowered.</param>
    public static RunRequest WithinLimits(RunRequest request, IReadOnlyDictionary<string, ulong> hard, bool mayRaise, Action<string> warn)
    {
        var chosen = ResourceLimits
            .Choose(request.Ulimits, hard, mayRaise, (limit, ceiling) => LimitEnforcement.Refuse(limit, ceiling, request.BestEffort, warn))
            .Select(limit => new Ulimit(limit.Type["RLIMIT_".Length..].ToLowerInvariant(), limit.Soft, limit.Hard))
            .ToList();
        if (!mayRaise && !chosen.Exists(limit => limit.Name == "nproc"))
        {
            var processes = Math.Min(hard.GetValueOrDefault("nproc", PodmanProcesses), PodmanProcesses);
            chosen.Add(new Ulimit("nproc", processes, processes));
        }

        return request with
        {
            Ulimits = chosen,
        };
    }

    /// <summary>
    /// The OCI runtime to name: the one that was asked for, else runc on a machine with cgroup v1 and v2 side by side, which crun before
    /// 1.27 refuses and podman prefers.
    /// </summary>
    public static string? Runtime(string? asked, CgroupMode mode) =>
        asked ?? (mode == CgroupMode.Hybrid && HostProgram.Find("runc") is { } runc ? runc.Path : null);

    /// <summary>
    /// Maps the caller to the container's user, so that files on mounts belong to the caller, as Torchyard's own containers do.
    /// </summary>
    /// <param name="user"><c>uid[:gid]</c> of the container, or null.</param>
    public static IReadOnlyList<string> UserMapping(string? user) =>
        Numbers(user) is var (uid, gid) ? ["--userns", string.Create(CultureInfo.InvariantCulture, $"keep-id:uid={uid},gid={gid}")] : [];

    /// <summary>Mounts whose owner is not the container's user, with that owner: without a mapping it may not write there.</summary>
    public static IEnumerable<(string Source, uint Owner)> ForeignMounts(RunRequest request, string? user) =>
        Numbers(user) is var (uid, _) && uid != 0
            ? request
                .Mounts.Where(mount => mount is { Kind: MountKind.Bind, ReadOnly: false })
                .Select(mount => (mount.Source, Owner: StatusCalls.Read(mount.Source)?.User ?? uid))
                .Where(mount => mount.Owner != uid)
            : [];

    private static (uint Uid, uint Gid)? Numbers(string? user)
    {
        var parts = (user ?? "").Split(':', 2);
        return uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var uid)
            ? (uid, parts.Length > 1 && uint.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var gid) ? gid : uid)
            : null;
    }
}
