using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Launch;

/// <summary>Decides what becomes of limits that the machine does not enforce: never silence.</summary>
internal static class LimitEnforcement
{
    private const string Delegation =
        "run as root, or have cgroups delegated: with systemd, log in through a user session with Delegate=yes; with cgroup v1, "
        + "as root: mkdir /sys/fs/cgroup/CONTROLLER/torchyard.UID and chown -R it to the user";

    private const string Cure = Delegation + "; --best-effort starts without the limit";

    /// <summary>
    /// An asked limit is an error, or with best effort a warning; a default from the machine is a warning, because nobody relies on it.
    /// </summary>
    /// <returns>The options that are not enforced.</returns>
    public static IReadOnlyList<string> Check(
        IReadOnlyList<(CgroupLimit Limit, string Reason)> missing,
        bool bestEffort,
        Action<string> warn
    )
    {
        if (missing.FirstOrDefault(m => m.Limit.Asked) is { Limit: { } asked } refused && !bestEffort)
        {
            throw new TorchyardException("TY4020", $"this machine cannot enforce {asked.Option} ({asked.Text}): {refused.Reason}", Cure);
        }

        if (missing.Count > 0)
        {
            warn(
                $"not enforced: {string.Join(", ", missing.Select(m => m.Limit.Text))}; {missing[0].Reason}; to have limits, {Delegation}"
            );
        }

        return [.. missing.Select(m => m.Limit.Option)];
    }

    /// <summary>A limit of setrlimit(2) above what this process may set.</summary>
    public static void Refuse(Ulimit limit, ulong ceiling, bool bestEffort, Action<string> warn)
    {
        var message = $"--ulimit {limit.Name} is above {ceiling}, the most that this process may set";
        if (!bestEffort)
        {
            throw new TorchyardException(
                "TY4021",
                message,
                $"ask for at most {ceiling}, raise the hard limit (ulimit -H, limits.conf), or use --best-effort"
            );
        }

        warn(message + $"; {ceiling} is used");
    }
}
