using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Launch;

/// <summary>
/// Whether the programs of an ordinary user's container have the groups of that user, so that mounts are open to them as they are to the
/// user. A process has either these or groups of the image: only mapped groups can be set, and setting drops the others.
/// </summary>
internal static class KeptGroups
{
    /// <summary>The annotation by which crun sets no groups (crun(1)); runc has nothing of the kind.</summary>
    public const string Annotation = "run.oci.keep_original_groups";

    /// <summary>True when they are kept.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="runtime">The runtime.</param>
    /// <param name="user">The container's user.</param>
    /// <param name="rootless">The caller is an ordinary user.</param>
    /// <param name="warn">Told when groups that a mount needs are lost.</param>
    public static bool Decide(RunRequest request, OciRuntimeKind runtime, ContainerUser user, bool rootless, Action<string> warn)
    {
        if (!rootless || CallerGroups.Further.Count == 0)
        {
            return false;
        }

        // Groups that the image gives its user count in the image alone, those of the caller on mounts.
        var wanted = request.Groups.Count == 0 && (user.Groups.Count == 0 || request.Mounts.Any(mount => mount.Kind == MountKind.Bind));
        var kept = wanted && runtime == OciRuntimeKind.Crun;
        if (
            !kept
            && request.Mounts.FirstOrDefault(mount =>
                mount.Kind == MountKind.Bind
                && StatusCalls.Read(mount.Source) is { } file
                && CallerGroups.GiveRights(file, UserCalls.EffectiveUser())
            )
                is { } lost
        )
        {
            warn(
                $"your rights on {lost.Source} come from a group of yours, which does not reach the container"
                    + (
                        request.Groups.Count > 0
                            ? ": --group-add replaces your groups"
                            : ": runc drops your groups; install crun, which keeps them"
                    )
            );
        }

        return kept;
    }
}
