using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Requests;

/// <summary>What the targets of mounts must be, together and each for itself.</summary>
internal static class MountTargets
{
    // The runtime mounts these itself and makes nodes and links in them, which would then be made in the user's own directory.
    private static readonly string[] OfTheRuntime = ["/proc", "/sys", "/dev", "/sys/fs", "/sys/fs/cgroup"];

    private static readonly string[] WithAllBelow = ["/proc/", "/sys/fs/cgroup/", "/dev/pts/", "/dev/fd/"];

    private static readonly string[] Devices =
    [
        "null",
        "zero",
        "full",
        "random",
        "urandom",
        "tty",
        "console",
        "ptmx",
        "pts",
        "fd",
        "stdin",
        "stdout",
        "stderr",
        "core",
    ];

    /// <summary>Refuses mounts that hide each other, and those in place of what the runtime makes.</summary>
    /// <exception cref="TorchyardException">TY4088: two mounts have one target; TY4089: a target is the runtime's.</exception>
    public static void Require(IReadOnlyList<MountRequest> mounts)
    {
        var seen = new Dictionary<string, MountRequest>(StringComparer.Ordinal);
        foreach (var mount in mounts)
        {
            var target = "/" + string.Join('/', mount.Target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."));
            if (IsOfTheRuntime(target))
            {
                throw new TorchyardException(
                    "TY4089",
                    $"{Show(mount)} cannot be mounted at {target}: each container has its own",
                    "choose another target"
                )
                {
                    IsUsage = true,
                };
            }

            if (!seen.TryAdd(target, mount))
            {
                throw new TorchyardException(
                    "TY4088",
                    $"{Show(seen[target])} and {Show(mount)} are both to be mounted at {target}",
                    "leave one of them out, or choose another target"
                )
                {
                    IsUsage = true,
                };
            }
        }
    }

    private static bool IsOfTheRuntime(string target) =>
        OfTheRuntime.Contains(target)
        || WithAllBelow.Any(directory => target.StartsWith(directory, StringComparison.Ordinal))
        || (Path.GetDirectoryName(target) == "/dev" && Devices.Contains(Path.GetFileName(target)));

    private static string Show(MountRequest mount) =>
        mount.Kind switch
        {
            MountKind.Tmpfs => "a tmpfs",
            MountKind.Volume when mount.Source.Length == 0 => "a volume",
            MountKind.Volume => $"the volume {mount.Source}",
            _ => mount.Source,
        };
}
