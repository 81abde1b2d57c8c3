using System.Globalization;

namespace Torchyard.Gpus.Doctor.Checks;

/// <summary>What containers need: cgroups, user namespaces, subordinate ids, overlay, and an OCI runtime.</summary>
internal sealed class ContainerCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        yield return Cgroups(machine);
        yield return UserNamespaces(machine);
        if (machine.Uid != 0)
            yield return SubordinateIds(machine);
        yield return FileSystems(machine);
        yield return Runtime(machine);
    }

    private static Finding Cgroups(MachineView machine)
    {
        var unified = machine.Files.ReadText("/sys/fs/cgroup/cgroup.controllers");
        if (unified is null)
        {
            var hybrid = machine.Files.IsDirectory("/sys/fs/cgroup/unified") || machine.Files.IsDirectory("/sys/fs/cgroup/memory");
            return hybrid
                ? new Finding("containers.cgroup", "containers", machine.Uid == 0 ? CheckState.Ok : CheckState.Warn, "cgroup v1 (or hybrid)",
                    machine.Uid == 0 ? null : "an ordinary user cannot set memory and CPU limits with cgroup v1",
                    machine.Uid == 0 ? null : "boot with systemd.unified_cgroup_hierarchy=1, or run as root")
                : new Finding("containers.cgroup", "containers", CheckState.Warn, "no cgroups are mounted", "limits of memory, CPUs and processes cannot be enforced", "mount -t cgroup2 none /sys/fs/cgroup");
        }

        if (machine.Uid == 0)
            return new Finding("containers.cgroup", "containers", CheckState.Ok, $"cgroup v2 with {unified}");
        var own = machine.Files.ReadText(string.Create(CultureInfo.InvariantCulture, $"/sys/fs/cgroup/user.slice/user-{machine.Uid}.slice/user@{machine.Uid}.service/cgroup.controllers")) ?? "";
        string[] wanted = ["cpu", "memory", "pids"];
        var lacking = wanted.Except(own.Split(' ')).ToList();
        return lacking.Count == 0
            ? new Finding("containers.cgroup", "containers", CheckState.Ok, $"cgroup v2, delegated to this user: {own}")
            : new Finding("containers.cgroup", "containers", CheckState.Warn, $"cgroup v2, not delegated to this user: {string.Join(", ", lacking)}",
                "limits of rootless containers cannot be enforced",
                "mkdir -p /etc/systemd/system/user@.service.d; printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > /etc/systemd/system/user@.service.d/delegate.conf; systemctl daemon-reload; log in again");
    }

    private static Finding UserNamespaces(MachineView machine)
    {
        var most = machine.Files.ReadNumber("/proc/sys/user/max_user_namespaces");
        var debian = machine.Files.ReadNumber("/proc/sys/kernel/unprivileged_userns_clone");
        var apparmor = machine.Files.ReadNumber("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
        var state = machine.Uid == 0 ? CheckState.Warn : CheckState.Fail;
        const string why = "rootless containers and the build sandbox need user namespaces";
        if (most == 0)
            return new Finding("containers.userns", "containers", state, "user namespaces are off (user.max_user_namespaces is 0)", why, "sysctl -w user.max_user_namespaces=28633");
        if (debian == 0)
            return new Finding("containers.userns", "containers", state, "user namespaces are for root only", why, "sysctl -w kernel.unprivileged_userns_clone=1");
        if (apparmor == 1)
            return new Finding("containers.userns", "containers", machine.Uid == 0 ? CheckState.Ok : CheckState.Fail, "AppArmor restricts user namespaces of ordinary users", machine.Uid == 0 ? null : why, machine.Uid == 0 ? null : "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for torchyard");
        return new Finding("containers.userns", "containers", most is null ? CheckState.Unknown : CheckState.Ok, most is null ? "whether user namespaces work cannot be seen" : "user namespaces are available");
    }

    private static Finding SubordinateIds(MachineView machine)
    {
        var name = machine.Files.ReadLines("/etc/passwd").Select(l => l.Split(':'))
            .FirstOrDefault(f => f.Length > 2 && f[2] == machine.Uid.ToString(CultureInfo.InvariantCulture))?[0] ?? machine.Uid.ToString(CultureInfo.InvariantCulture);
        bool Has(string file) => machine.Files.ReadLines(file).Any(l => l.StartsWith(name + ":", StringComparison.Ordinal) || l.StartsWith($"{machine.Uid}:", StringComparison.Ordinal));
        var mapper = machine.Files.Exists("/usr/bin/newuidmap") && machine.Files.Exists("/usr/bin/newgidmap");
        if (Has("/etc/subuid") && Has("/etc/subgid") && mapper)
            return new Finding("containers.subids", "containers", CheckState.Ok, $"subordinate ids for {name}");
        return new Finding(
            "containers.subids", "containers", CheckState.Warn, mapper ? $"no subordinate ids for {name}" : "newuidmap and newgidmap are missing",
            "only one id can be mapped: packages with several users cannot be configured rootless",
            mapper ? $"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}" : "apt-get install uidmap (or shadow-utils)");
    }

    private static Finding FileSystems(MachineView machine)
    {
        var known = machine.Files.ReadLines("/proc/filesystems").Select(l => l.Split('\t')[^1].Trim()).ToHashSet(StringComparer.Ordinal);
        var release = machine.Files.ReadText("/proc/sys/kernel/osrelease") ?? "0";
        var numbers = release.Split('.', '-');
        var kernel = numbers.Length > 1 && int.TryParse(numbers[0], out var major) && int.TryParse(numbers[1], out var minor) ? major * 1000 + minor : 0;
        if (!known.Contains("overlay") && !machine.Files.Exists($"/lib/modules/{release}/kernel/fs/overlayfs"))
            return new Finding("containers.overlay", "containers", CheckState.Fail, "overlayfs is not available", "layers cannot be stacked", "modprobe overlay");
        if (machine.Uid != 0 && kernel is > 0 and < 5011)
            return new Finding("containers.overlay", "containers", CheckState.Fail, $"Linux {release}: overlayfs for ordinary users needs 5.11", "layers cannot be stacked rootless", "run as root, or update the kernel");
        return new Finding("containers.overlay", "containers", CheckState.Ok, $"Linux {release}, overlayfs{(known.Contains("erofs") ? " and EROFS" : "")}");
    }

    private static Finding Runtime(MachineView machine)
    {
        var found = new List<string>();
        foreach (var name in (string[])["crun", "runc", "podman", "docker", "containerd", "enroot", "apptainer", "nvidia-ctk"])
        {
            if (PathSearch.Find(machine, name) is { } path)
                found.Add(path);
        }

        return found.Exists(p => p.EndsWith("/crun", StringComparison.Ordinal) || p.EndsWith("/runc", StringComparison.Ordinal))
            ? new Finding("containers.runtime", "containers", CheckState.Ok, string.Join(", ", found))
            : new Finding("containers.runtime", "containers", CheckState.Warn, found.Count == 0 ? "no container engine" : $"no OCI runtime, only {string.Join(", ", found)}",
                "containers start through crun or runc", "torchyard fetches crun into its store at the first build; or apt-get install crun");
    }
}
