using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>The device nodes: there, with the right numbers, open to this user, and known to systemd's device rules.</summary>
internal sealed class DeviceNodeCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        if (machine.ModuleVersion is null)
        {
            yield break;
        }

        var good = 0;
        var expected = ExpectedNodes.Of(machine.Files);
        foreach (var wanted in expected)
        {
            if (machine.Files.Device(wanted.Path) is not { } node)
            {
                yield return new Finding
                {
                    Id = "nodes.missing",
                    Area = "nodes",
                    State = CheckState.Fail,
                    Text = $"{wanted.Path} does not exist",
                    Why = wanted.Why,
                    Cure = wanted.Cure,
                };
            }
            else if (machine.MissingAtFirst.Contains(wanted.Path))
            {
                yield return new Finding
                {
                    Id = "nodes.missing",
                    Area = "nodes",
                    State = CheckState.Warn,
                    Text = $"{wanted.Path} did not exist; the driver's library made it when it was asked just now, as root",
                    Why = $"after each boot it is missing until root has used the GPU: {wanted.Why}",
                    Cure = $"{wanted.Cure} at boot, as nvidia-persistenced.service or a udev rule does",
                };
            }
            else if ((wanted.Major is { } m && node.Major != m) || node.Minor != wanted.Minor)
            {
                yield return new Finding
                {
                    Id = "nodes.numbers",
                    Area = "nodes",
                    State = CheckState.Fail,
                    Text = $"{wanted.Path} is {node.Major}:{node.Minor}, the driver has {wanted.Major}:{wanted.Minor}",
                    Why = "it is the node of an earlier boot: opening it fails",
                    Cure = $"rm {wanted.Path}; {wanted.Cure}",
                };
            }
            else if (!node.IsOpenTo(machine.Uid, machine.Gids))
            {
                yield return new Finding
                {
                    Id = "nodes.permission",
                    Area = "nodes",
                    State = CheckState.Fail,
                    Text = $"{wanted.Path} is {Convert.ToString(node.Mode, 8)} {node.Uid}:{node.Gid}: this user may not open it",
                    Why = "CUDA says: no device, or Insufficient Permissions; a user namespace drops supplementary groups",
                    Cure = Opening(machine.Files, node),
                };
            }
            else
            {
                good++;
            }
        }

        if (good == expected.Count)
        {
            yield return new Finding
            {
                Id = "nodes.complete",
                Area = "nodes",
                State = CheckState.Ok,
                Text = $"{good} device nodes, all open to this user",
            };
        }

        if (CharLinks(machine) is { } links)
        {
            yield return links;
        }

        foreach (var finding in Mig(machine))
        {
            yield return finding;
        }

        if (SelinuxDenies(machine.Files))
        {
            yield return new Finding
            {
                Id = "nodes.selinux",
                Area = "nodes",
                State = CheckState.Warn,
                Text = "SELinux does not let containers use devices",
                Why = "inside containers opening /dev/nvidia* gives: Insufficient Permissions",
                Cure = "setsebool -P container_use_devices on",
            };
        }
    }

    /// <summary>Joining a group helps where the group may open the node, and is never root's.</summary>
    private static string Opening(MachineFiles files, DeviceNode node) =>
        node is { Gid: > 0, OpensToGroup: true }
            ? $"usermod -aG {GroupName(files, node.Gid)} $USER and log in again; with podman: crun and --group-add keep-groups"
            : $"chmod 666 {node.Path} (as root); for every boot: 'options nvidia NVreg_DeviceFileMode=0666' in /etc/modprobe.d/nvidia.conf";

    /// <summary>
    /// systemd and runc resolve device rules through <c>/dev/char</c>; without the links a daemon-reload takes the GPUs away.
    /// </summary>
    private static Finding? CharLinks(MachineView machine)
    {
        if (
            !machine.Files.IsDirectory("/run/systemd/system")
            || machine.Files.Exists($"/dev/char/{ExpectedNodes.NvidiaMajor}:{ExpectedNodes.ControlMinor}")
        )
        {
            return null;
        }

        return new Finding
        {
            Id = "nodes.char-links",
            Area = "nodes",
            State = CheckState.Warn,
            Text = $"/dev/char/{ExpectedNodes.NvidiaMajor}:{ExpectedNodes.ControlMinor} is missing",
            Why = "after systemctl daemon-reload, containers of runc with the systemd cgroup driver lose their GPUs: NVML Unknown Error",
            Cure =
                "nvidia-ctk system create-dev-char-symlinks --create-all, or start containers with torchyard, "
                + "which lists the devices in the OCI configuration",
        };
    }

    private static IEnumerable<Finding> Mig(MachineView machine)
    {
        foreach (var gpu in machine.Gpus.Gpus.Where(g => g.MigEnabled == true))
        {
            var major = KernelModule.Major(machine.Files, "nvidia-caps");
            foreach (var device in gpu.MigDevices)
            {
                var nodes = MigCapabilities.Minors(machine.Files, gpu.Minor ?? gpu.Index, device);
                foreach (
                    var minor in nodes.Where(n =>
                        machine.Files.Device($"/dev/nvidia-caps/nvidia-cap{n}") is not { } node || (major is { } m && node.Major != m)
                    )
                )
                {
                    yield return new Finding
                    {
                        Id = "nodes.mig",
                        Area = "nodes",
                        State = CheckState.Fail,
                        Text = $"/dev/nvidia-caps/nvidia-cap{minor} of {device.Uuid} does not exist",
                        Why = "this MIG device cannot be used",
                        Cure =
                            "nvidia-modprobe -f /proc/driver/nvidia/capabilities"
                            + $"/gpu{gpu.Minor ?? gpu.Index}/mig/gi{device.GpuInstance}/access",
                    };
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
            {
                return name;
            }
        }

        return gid.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
