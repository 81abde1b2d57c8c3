using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;

namespace Torchyard.Containers.Engines;

/// <summary>What docker must be told so that a container of its is as one of ours.</summary>
internal static class DockerOptions
{
    /// <summary>
    /// The request with the limits of open files and locked memory that containers of ours have: without them a container has those that
    /// docker's daemon was started with, which range from 1024 files to a thousand million.
    /// </summary>
    /// <param name="request">What the user asked for.</param>
    /// <param name="daemonMayRaise">The daemon has CAP_SYS_RESOURCE.</param>
    /// <param name="hard">Hard limits of this process by ulimit name: what the daemon has too, when it may raise none.</param>
    /// <param name="warn">Told about limits that were lowered.</param>
    public static RunRequest WithLimits(
        RunRequest request,
        bool daemonMayRaise,
        IReadOnlyDictionary<string, ulong> hard,
        Action<string> warn
    ) =>
        request with
        {
            Ulimits =
            [
                .. ResourceLimits
                    .Choose(request.Ulimits, daemonMayRaise ? new Dictionary<string, ulong>() : hard, daemonMayRaise, (limit, ceiling) =>
                        LimitEnforcement.Refuse(limit, ceiling, request.BestEffort, warn)
                    )
                    .Select(limit => new Ulimit(limit.Type["RLIMIT_".Length..].ToLowerInvariant(), Finite(limit.Soft), Finite(limit.Hard))),
            ],
        };

    private static ulong? Finite(ulong value) => value == ulong.MaxValue ? null : value;
}
