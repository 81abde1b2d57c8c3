using Torchyard.Gpus.Machine;

namespace Torchyard.Gpus.Doctor.Checks;

/// <summary>The device nodes: there, with the right numbers, open to this user, and known to systemd's device rules.</summary>
internal sealed class DeviceNodeCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        if (machine.ModuleVersion is null)
            yield break;

        var good = 0;
        var expected = ExpectedNodes.Of(machine.Files);
        foreach (var (path, major, minor, why, cure) in expected)
        {
            if (machine.Files.Device(path) is not { } node)
            {
                yield return new Finding("nodes.missing", "nodes", CheckState.Fail, $"{path} does not exist", why, cure);
            }
            else if (machine.MissingAtFirst.Contains(path))
            {
                yield return new Finding(
                    "nodes.missing", "nodes", CheckState.Warn, $"{path} did not exist; the driver's library made it when it was asked just now, as root",
                    $"after each boot it is missing until root has used the GPU: {why}", $"{cure} at boot, as nvidia-persistenced.service or a udev rule does");
            }
            else if ((major is { } m && node.Major != m) || node.Minor != minor)
            {
                yield return new Finding(
                    "nodes.numbers", "nodes", CheckState.Fail, $"{path} is {node.Major}:{node.Minor}, the driver has {major}:{minor}",
                    "it is the node of an earlier boot: opening it fails", $"rm {path}; {cure}");
            }
            else if (!node.IsOpenTo(machine.Uid, machine.Gids))
            {
                yield return new Finding(
                    "nodes.permission", "nodes", CheckState.Fail, $"{path} is {Convert.ToString(node.Mode, 8)} {node.Uid}:{node.Gid}: this user may not open it",
                    "CUDA says: no device, or Insufficient Permissions; a user namespace drops supplementary groups",
                    $"usermod -aG {GroupName(machine.Files, node.Gid)} $USER and log in again; with podman: crun and --group-add keep-groups");
            }
            else
            {
                good++;
            }
        }

        if (good == expected.Count)
            yield return new Finding("nodes.complete", "nodes", CheckState.Ok, $"{good} device nodes, all open to this user");
        if (CharLinks(machine) is { } links)
            yield return links;
        foreach (var finding in Mig(machine))
            yield return finding;
        if (SelinuxDenies(machine.Files))
        {
            yield return new Finding(
                "nodes.selinux", "nodes", CheckState.Warn, "SELinux does not let containers use devices",
                "inside containers opening /dev/nvidia* gives: Insufficient Permissions", "setsebool -P container_use_devices on");
        }
    }

    /// <summary>systemd and runc resolve device rules through <c>/dev/char</c>; without the links a daemon-reload takes the GPUs away.</summary>
    private static Finding? CharLinks(MachineView machine)
    {
        if (!machine.Files.IsDirectory("/run/systemd/system") || machine.Files.Exists($"/dev/char/{ExpectedNodes.NvidiaMajor}:{ExpectedNodes.ControlMinor}"))
            return null;
        return new Finding(
            "nodes.char-links", "nodes", CheckState.Warn, $"/dev/char/{ExpectedNodes.NvidiaMajor}:{ExpectedNodes.ControlMinor} is missing",
            "after systemctl daemon-reload, containers of runc with the systemd cgroup driver lose their GPUs: NVML Unknown Error",
            "nvidia-ctk system create-dev-char-symlinks --create-all, or start containers with torchyard, which lists the devices in the OCI configuration");
    }

    private static IEnumerable<Finding> Mig(MachineView machine)
    {
        foreach (var gpu in machine.Gpus.Gpus.Where(g => g.MigEnabled == true))
        {
            var major = KernelModule.Major(machine.Files, "nvidia-caps");
            foreach (var device in gpu.MigDevices)
            {
                var nodes = MigCapabilities.Minors(machine.Files, gpu.Minor ?? gpu.Index, device);
                foreach (var minor in nodes.Where(n => machine.Files.Device($"/dev/nvidia-caps/nvidia-cap{n}") is not { } node || (major is { } m && node.Major != m)))
                {
                    yield return new Finding(
                        "nodes.mig", "nodes", CheckState.Fail, $"/dev/nvidia-caps/nvidia-cap{minor} of {device.Uuid} does not exist",
                        "this MIG device cannot be used", $"nvidia-modprobe -f /proc/driver/nvidia/capabilities/gpu{gpu.Minor ?? gpu.Index}/mig/gi{device.GpuInstance}/access");
                }
            }
        }
    }

    private static bool SelinuxDenies(MachineFiles files) =>
        files.ReadNumber("/sys/fs/selinux/enforce") == 1
        && files.ReadText("/sys/fs/selinux/booleans/container_use_devices")?.StartsWith('0') == true;

    private static string GroupName(MachineFiles files, int gid)
    {
        foreach (var line in files.ReadLines("/etc/group"))
        {
            if (line.Split(':') is [var name, _, var id, ..] && id == gid.ToString(System.Globalization.CultureInfo.InvariantCulture))
                return name;
        }

        return gid.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
