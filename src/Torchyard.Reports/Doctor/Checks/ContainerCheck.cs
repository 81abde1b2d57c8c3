using System.Globalization;
using Torchyard.Containers.Namespaces;
using Torchyard.Machine.Kernel;
using Ids = Torchyard.Containers.Namespaces.SubordinateIds;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>What containers need: cgroups, user namespaces, subordinate ids, overlay, and an OCI runtime.</summary>
internal sealed class ContainerCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        yield return Cgroups(machine);
        yield return UserNamespaces(machine);
        if (machine.Uid != 0)
        {
            yield return SubordinateIds(machine);
        }

        yield return FileSystems(machine);
        yield return Runtime(machine);
        foreach (var runtime in (string[])["crun", "runc"])
        {
            if (Holes(machine, runtime) is { } finding)
            {
                yield return finding;
            }
        }
    }

    private static Finding? Holes(MachineView machine, string runtime)
    {
        if (PathSearch.Find(machine, runtime) is not { } path || RuntimeHoles.PackageVersion(machine.Files, runtime) is not { } version)
        {
            return null;
        }

        var open = RuntimeHoles.Of(runtime, version, RuntimeHoles.Changelog(machine.Files, runtime));
        if (open.Count == 0)
        {
            return null;
        }

        var crun = PathSearch.Find(machine, "crun") is not null;
        return new Finding
        {
            Id = "containers.runtime-holes",
            Area = "containers",
            State = CheckState.Warn,
            Text = $"{path} {version} lets containers out: {string.Join("; ", open.Select(hole => $"{hole.Id} ({hole.What})"))}",
            Why =
                crun && runtime == "runc"
                    ? "Torchyard prefers crun, which is here and has none of them; docker, podman and containerd may start runc"
                    : "containers of images that you do not trust are not confined",
            Cure =
                $"update {runtime}: upstream fixed "
                + $"{string.Join(", ", open.Select(hole => $"{hole.Id} in {string.Join(", ", hole.FixedIn)}").Distinct())}; a Debian "
                + "package whose changelog names the number has the fix"
                + (runtime == "runc" && !crun ? "; or apt-get install crun, which Torchyard prefers" : ""),
        };
    }

    private static Finding Cgroups(MachineView machine)
    {
        if (CgroupLayout.Parse(machine.Files.ReadLines("/proc/self/mountinfo")) is { Mode: not CgroupMode.None, Writable: false })
        {
            return new Finding
            {
                Id = "containers.cgroup",
                Area = "containers",
                State = CheckState.Warn,
                Text = "cgroups are mounted read-only, as in a container of another engine",
                Why = "limits of memory, CPUs and processes cannot be enforced",
                Cure =
                    "start the outer container with writable cgroups (--privileged, or --cgroupns=private and a read-write /sys/fs/cgroup)",
            };
        }

        var unified = machine.Files.ReadText("/sys/fs/cgroup/cgroup.controllers");
        if (unified is null)
        {
            var hybrid = machine.Files.IsDirectory("/sys/fs/cgroup/unified") || machine.Files.IsDirectory("/sys/fs/cgroup/memory");
            return hybrid
                ? new Finding
                {
                    Id = "containers.cgroup",
                    Area = "containers",
                    State = machine.Uid == 0 ? CheckState.Ok : CheckState.Warn,
                    Text = "cgroup v1 (or hybrid)",
                    Why = machine.Uid == 0 ? null : "an ordinary user cannot set memory and CPU limits with cgroup v1",
                    Cure = machine.Uid == 0 ? null : "boot with systemd.unified_cgroup_hierarchy=1, or run as root",
                }
                : new Finding
                {
                    Id = "containers.cgroup",
                    Area = "containers",
                    State = CheckState.Warn,
                    Text = "no cgroups are mounted",
                    Why = "limits of memory, CPUs and processes cannot be enforced",
                    Cure = "mount -t cgroup2 none /sys/fs/cgroup",
                };
        }

        if (machine.Uid == 0)
        {
            return new Finding
            {
                Id = "containers.cgroup",
                Area = "containers",
                State = CheckState.Ok,
                Text = $"cgroup v2 with {unified}",
            };
        }

        var own = machine.Files.ReadText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"/sys/fs/cgroup/user.slice/user-{machine.Uid}.slice/user@{machine.Uid}.service/cgroup.controllers"
            )
        ) ?? "";
        string[] wanted = ["cpu", "memory", "pids"];
        var lacking = wanted.Except(own.Split(' ')).ToList();
        return lacking.Count == 0
            ? new Finding
            {
                Id = "containers.cgroup",
                Area = "containers",
                State = CheckState.Ok,
                Text = $"cgroup v2, delegated to this user: {own}",
            }
            : new Finding
            {
                Id = "containers.cgroup",
                Area = "containers",
                State = CheckState.Warn,
                Text = $"cgroup v2, not delegated to this user: {string.Join(", ", lacking)}",
                Why = "limits of rootless containers cannot be enforced",
                Cure =
                    "mkdir -p /etc/systemd/system/user@.service.d; printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > "
                    + "/etc/systemd/system/user@.service.d/delegate.conf; systemctl daemon-reload; log in again",
            };
    }

    private static Finding UserNamespaces(MachineView machine)
    {
        var most = machine.Files.ReadNumber("/proc/sys/user/max_user_namespaces");
        var debian = machine.Files.ReadNumber("/proc/sys/kernel/unprivileged_userns_clone");
        var apparmor = machine.Files.ReadNumber("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
        var state = machine.Uid == 0 ? CheckState.Warn : CheckState.Fail;
        const string why = "rootless containers and the build sandbox need user namespaces";
        if (most == 0)
        {
            return new Finding
            {
                Id = "containers.userns",
                Area = "containers",
                State = state,
                Text = "user namespaces are off (user.max_user_namespaces is 0)",
                Why = why,
                Cure = "sysctl -w user.max_user_namespaces=28633",
            };
        }

        if (debian == 0)
        {
            return new Finding
            {
                Id = "containers.userns",
                Area = "containers",
                State = state,
                Text = "user namespaces are for root only",
                Why = why,
                Cure = "sysctl -w kernel.unprivileged_userns_clone=1",
            };
        }

        if (apparmor == 1)
        {
            return new Finding
            {
                Id = "containers.userns",
                Area = "containers",
                State = machine.Uid == 0 ? CheckState.Ok : CheckState.Fail,
                Text = "AppArmor restricts user namespaces of ordinary users",
                Why = machine.Uid == 0 ? null : why,
                Cure =
                    machine.Uid == 0
                        ? null
                        : "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for torchyard",
            };
        }

        return new Finding
        {
            Id = "containers.userns",
            Area = "containers",
            State = most is null ? CheckState.Unknown : CheckState.Ok,
            Text = most is null ? "whether user namespaces work cannot be seen" : "user namespaces are available",
        };
    }

    /// <summary>By the rule that <c>build</c> refuses by (TY4006).</summary>
    private static Finding SubordinateIds(MachineView machine)
    {
        const string why = "images with files of several users cannot be built or unpacked without root (TY4006)";
        var uid = (uint)machine.Uid;
        var number = uid.ToString(CultureInfo.InvariantCulture);
        var name = machine
            .Files.ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .FirstOrDefault(fields => fields.Length > 2 && fields[2] == number)
            ?[0]
            ?? number;
        if (PathSearch.Find(machine, "newuidmap") is null || PathSearch.Find(machine, "newgidmap") is null)
        {
            return new Finding
            {
                Id = "containers.subids",
                Area = "containers",
                State = CheckState.Warn,
                Text = "newuidmap and newgidmap are missing",
                Why = why,
                Cure = "apt-get install uidmap (Fedora: shadow-utils)",
            };
        }

        var uids = Ids.Find(machine.Files.ReadLines("/etc/subuid"), name, uid);
        var gids = Ids.Find(machine.Files.ReadLines("/etc/subgid"), name, uid);
        var count = Math.Min(uids?.Count ?? 0, gids?.Count ?? 0);
        return StoreNamespace.Suffices(IdMapping.Create(uid, uid, StoreNamespace.CallerInside, uids, gids))
            ? new Finding
            {
                Id = "containers.subids",
                Area = "containers",
                State = CheckState.Ok,
                Text = $"{count} subordinate ids for {name}",
            }
            : new Finding
            {
                Id = "containers.subids",
                Area = "containers",
                State = CheckState.Warn,
                Text = count == 0 ? $"no subordinate ids for {name}" : $"{count} subordinate ids for {name}: 65536 are needed",
                Why = why,
                Cure = $"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name} (another range where this one is taken)",
            };
    }

    private static Finding FileSystems(MachineView machine)
    {
        var known = machine.Files.ReadLines("/proc/filesystems").Select(l => l.Split('\t')[^1].Trim()).ToHashSet(StringComparer.Ordinal);
        var release = machine.Files.ReadText("/proc/sys/kernel/osrelease") ?? "0";
        var numbers = release.Split('.', '-');
        var kernel =
            numbers.Length > 1 && int.TryParse(numbers[0], out var major) && int.TryParse(numbers[1], out var minor)
                ? major * 1000 + minor
                : 0;
        if (!known.Contains("overlay") && !machine.Files.Exists($"/lib/modules/{release}/kernel/fs/overlayfs"))
        {
            return new Finding
            {
                Id = "containers.overlay",
                Area = "containers",
                State = CheckState.Fail,
                Text = "overlayfs is not available",
                Why = "layers cannot be stacked",
                Cure = "modprobe overlay",
            };
        }

        if (machine.Uid != 0 && kernel is > 0 and < 5011)
        {
            return new Finding
            {
                Id = "containers.overlay",
                Area = "containers",
                State = CheckState.Fail,
                Text = $"Linux {release}: overlayfs for ordinary users needs 5.11",
                Why = "layers cannot be stacked rootless",
                Cure = "run as root, or update the kernel",
            };
        }

        return new Finding
        {
            Id = "containers.overlay",
            Area = "containers",
            State = CheckState.Ok,
            Text = $"Linux {release}, overlayfs{(known.Contains("erofs") ? " and EROFS" : "")}",
        };
    }

    private static Finding Runtime(MachineView machine)
    {
        var found = new List<string>();
        foreach (var name in (string[])["crun", "runc", "podman", "docker", "containerd", "enroot", "apptainer", "nvidia-ctk"])
        {
            if (PathSearch.Find(machine, name) is { } path)
            {
                found.Add(path);
            }
        }

        if (
            machine.Uid != 0
            && found.Exists(p => p.EndsWith("/runc", StringComparison.Ordinal))
            && !found.Exists(p => p.EndsWith("/crun", StringComparison.Ordinal))
        )
        {
            return new Finding
            {
                Id = "containers.runtime",
                Area = "containers",
                State = CheckState.Warn,
                Text = string.Join(", ", found),
                Why = "runc drops the groups of an ordinary user: what you reach through a group is closed to containers",
                Cure = "apt-get install crun, which keeps them",
            };
        }

        return found.Exists(p => p.EndsWith("/crun", StringComparison.Ordinal) || p.EndsWith("/runc", StringComparison.Ordinal))
            ? new Finding
            {
                Id = "containers.runtime",
                Area = "containers",
                State = CheckState.Ok,
                Text = string.Join(", ", found),
            }
            : new Finding
            {
                Id = "containers.runtime",
                Area = "containers",
                State = CheckState.Warn,
                Text = found.Count == 0 ? "no container engine" : $"no OCI runtime, only {string.Join(", ", found)}",
                Why = "containers start through crun or runc",
                Cure = "torchyard fetches crun into its store at the first build; or apt-get install crun",
            };
    }
}
