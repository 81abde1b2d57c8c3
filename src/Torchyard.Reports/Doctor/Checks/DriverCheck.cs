using Torchyard.Machine.Nvml;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>The driver: loaded, of one version with its libraries, complete, and started by NVML.</summary>
internal sealed class DriverCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        if (!machine.HasGpuHardware)
        {
            var wsl = machine.Files.Exists("/dev/dxg");
            yield return new Finding
            {
                Id = "driver.hardware",
                Area = "driver",
                State = CheckState.Ok,
                Text = wsl ? "Windows Subsystem for Linux: GPUs come through /dev/dxg" : "no NVIDIA GPU in this machine",
            };
            yield break;
        }

        if (machine.ModuleVersion is not { } module)
        {
            yield return NotLoaded(machine);
            yield break;
        }

        yield return new Finding
        {
            Id = "driver.module",
            Area = "driver",
            State = CheckState.Ok,
            Text = $"kernel module {module}, {Count.Of(Math.Max(machine.PciGpus.Count, machine.Gpus.Gpus.Count), "GPU")}",
        };
        foreach (var finding in Libraries(machine, module))
        {
            yield return finding;
        }

        if (Nvml(machine, module) is { } nvml)
        {
            yield return nvml;
        }
    }

    private static Finding NotLoaded(MachineView machine)
    {
        var nouveau = machine.Files.Exists("/sys/module/nouveau");
        return new Finding
        {
            Id = "driver.module",
            Area = "driver",
            State = CheckState.Fail,
            Text =
                $"{Count.Of(machine.PciGpus.Count, "NVIDIA GPU")} on the PCI bus, but the nvidia kernel module is not "
                + $"loaded{(nouveau ? ": nouveau holds them" : "")}",
            Why = "no program can use the GPUs",
            Cure = nouveau
                ? "echo 'blacklist nouveau' > /etc/modprobe.d/nouveau.conf, rebuild the initramfs, reboot"
                : "modprobe nvidia; if that fails, install the driver (dkms status shows whether it was built for this kernel; Secure "
                    + "Boot refuses unsigned modules)",
        };
    }

    private static IEnumerable<Finding> Libraries(MachineView machine, string module)
    {
        var found = machine.Libraries.Find("libcuda.so.1").ToList();
        if (found.Count == 0)
        {
            yield return new Finding
            {
                Id = "driver.libraries",
                Area = "driver",
                State = CheckState.Fail,
                Text = "libcuda.so.1 was not found",
                Why = "CUDA programs cannot start",
                Cure = $"install the driver's user-space libraries of version {module}, or add their directory to LD_LIBRARY_PATH",
            };
            yield break;
        }

        var first = found[0];
        var version = VersionOf(first.Target);
        if (version is not null && version != module)
        {
            yield return new Finding
            {
                Id = "driver.mismatch",
                Area = "driver",
                State = CheckState.Fail,
                Text = $"{first.Target} is version {version}, the loaded module is {module}",
                Why = "NVML and CUDA refuse to start: Driver/library version mismatch",
                Cure =
                    first.Place == "LD_LIBRARY_PATH"
                        ? $"remove {Path.GetDirectoryName(first.Path)} from LD_LIBRARY_PATH"
                        : "reboot, or unload and load the modules: "
                            + "modprobe -r nvidia_uvm nvidia_drm nvidia_modeset nvidia && modprobe nvidia",
            };
        }
        else
        {
            yield return new Finding
            {
                Id = "driver.libraries",
                Area = "driver",
                State = CheckState.Ok,
                Text = $"{first.Target} ({first.Place})",
            };
        }

        // What the linker would take may differ from what we found first.
        foreach (var other in found.Skip(1).Where(o => VersionOf(o.Target) is { } v && v != module))
        {
            var stubs = other.Path.Contains("/stubs/", StringComparison.Ordinal);
            yield return new Finding
            {
                Id = "driver.second-library",
                Area = "driver",
                State = other.Place is "LD_LIBRARY_PATH" or "ld.so.cache" ? CheckState.Fail : CheckState.Warn,
                Text = $"{other.Target} is another version than the module {module} ({other.Place})",
                Why = stubs
                    ? "a stub library answers every call with an error"
                    : "programs that find it first fail with a version mismatch",
                Cure =
                    other.Place == "LD_LIBRARY_PATH"
                        ? $"remove {Path.GetDirectoryName(other.Path)} from LD_LIBRARY_PATH"
                        : $"remove the packages that own {other.Target}, then ldconfig",
            };
        }

        var directory = Path.GetDirectoryName(first.Target)!;
        string[] wanted =
        [
            "libnvidia-ml",
            "libnvidia-ptxjitcompiler",
            .. MajorOf(module) >= 520 ? ["libnvidia-nvvm"] : Array.Empty<string>(),
        ];
        foreach (var name in wanted)
        {
            // nvvm is .so.4 with the version behind it; the others are .so.VERSION.
            if (!machine.Files.List(directory).Any(n => n.StartsWith(name + ".so.", StringComparison.Ordinal)))
            {
                yield return new Finding
                {
                    Id = "driver.incomplete",
                    Area = "driver",
                    State = CheckState.Fail,
                    Text = $"{name}.so is missing in {directory}",
                    Why = name switch
                    {
                        "libnvidia-ml" => "NVML, nvidia-smi and NCCL do not work",
                        "libnvidia-ptxjitcompiler" => "programs that bring PTX (Triton, torch.compile, older builds on newer "
                            + "GPUs) fail: PTX JIT compiler library not found",
                        _ => "link-time optimised kernels fail to load",
                    },
                    Cure = $"install every library of driver {module}",
                };
            }
        }
    }

    private static Finding? Nvml(MachineView machine, string module) =>
        machine.Gpus.Status switch
        {
            NvmlReturn.Success => machine.Gpus.Gpus.Count == 0
                ? new Finding
                {
                    Id = "driver.nvml",
                    Area = "driver",
                    State = CheckState.Fail,
                    Text = "NVML sees no GPU",
                    Why = "the module is loaded, but no GPU started",
                    Cure = "dmesg | grep NVRM shows why",
                }
                : new Finding
                {
                    Id = "driver.nvml",
                    Area = "driver",
                    State = CheckState.Ok,
                    Text =
                        $"NVML {machine.Gpus.DriverVersion}, CUDA up to "
                        + $"{machine.Gpus.CudaVersion / 1000}.{machine.Gpus.CudaVersion % 1000 / 10}",
                },
            NvmlReturn.LibraryNotFound => new Finding
            {
                Id = "driver.nvml",
                Area = "driver",
                State = CheckState.Fail,
                Text = "libnvidia-ml.so.1 cannot be loaded",
                Why = "nothing about the GPUs can be asked",
                Cure = $"install the libraries of driver {module}",
            },
            NvmlReturn.LibraryModuleMismatch => new Finding
            {
                Id = "driver.nvml",
                Area = "driver",
                State = CheckState.Fail,
                Text = "NVML: driver and library differ in version",
                Why = "no CUDA program starts",
                Cure = "reboot",
            },
            NvmlReturn.NoPermission or NvmlReturn.OperatingSystem => new Finding
            {
                Id = "driver.nvml",
                Area = "driver",
                State = CheckState.Fail,
                Text = $"NVML: {machine.Gpus.Status}",
                Why = "the device nodes cannot be opened: permissions or the device rules of a cgroup",
                Cure = "see the findings on device nodes; in a container: start it with --gpus all",
            },
            NvmlReturn.DriverNotLoaded => new Finding
            {
                Id = "driver.nvml",
                Area = "driver",
                State = CheckState.Fail,
                Text = "NVML: driver not loaded",
                Why = "the control node cannot be reached",
                Cure = "modprobe nvidia; nvidia-modprobe",
            },
            var status => new Finding
            {
                Id = "driver.nvml",
                Area = "driver",
                State = CheckState.Fail,
                Text = $"NVML does not start: {status}",
                Why = "no CUDA program starts",
                Cure = "dmesg | grep NVRM; reboot",
            },
        };

    internal static string? VersionOf(string file)
    {
        var at = file.IndexOf(".so.", StringComparison.Ordinal);
        var version = at < 0 ? "" : file[(at + 4)..];
        return version.Contains('.', StringComparison.Ordinal) ? version : null;
    }

    private static int MajorOf(string version) => int.TryParse(version.Split('.')[0], out var major) ? major : 0;
}
