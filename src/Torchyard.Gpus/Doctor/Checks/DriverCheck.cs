using Torchyard.Gpus.Native.Nvml;

namespace Torchyard.Gpus.Doctor.Checks;

/// <summary>The driver: loaded, of one version with its libraries, complete, and started by NVML.</summary>
internal sealed class DriverCheck : IMachineCheck
{
    public IEnumerable<Finding> Run(MachineView machine)
    {
        if (!machine.HasGpuHardware)
        {
            var wsl = machine.Files.Exists("/dev/dxg");
            yield return new Finding("driver.hardware", "driver", CheckState.Ok, wsl ? "Windows Subsystem for Linux: GPUs come through /dev/dxg" : "no NVIDIA GPU in this machine");
            yield break;
        }

        if (machine.ModuleVersion is not { } module)
        {
            yield return NotLoaded(machine);
            yield break;
        }

        yield return new Finding("driver.module", "driver", CheckState.Ok, $"kernel module {module}, {Math.Max(machine.PciGpus.Count, machine.Gpus.Gpus.Count)} GPU(s)");
        foreach (var finding in Libraries(machine, module))
            yield return finding;
        if (Nvml(machine, module) is { } nvml)
            yield return nvml;
    }

    private static Finding NotLoaded(MachineView machine)
    {
        var nouveau = machine.Files.Exists("/sys/module/nouveau");
        return new Finding(
            "driver.module", "driver", CheckState.Fail,
            $"{machine.PciGpus.Count} NVIDIA GPU(s) on the PCI bus, but the nvidia kernel module is not loaded{(nouveau ? ": nouveau holds them" : "")}",
            "no program can use the GPUs",
            nouveau
                ? "echo 'blacklist nouveau' > /etc/modprobe.d/nouveau.conf, rebuild the initramfs, reboot"
                : "modprobe nvidia; if that fails, install the driver (dkms status shows whether it was built for this kernel; Secure Boot refuses unsigned modules)");
    }

    private static IEnumerable<Finding> Libraries(MachineView machine, string module)
    {
        var found = machine.Libraries.Find("libcuda.so.1").ToList();
        if (found.Count == 0)
        {
            yield return new Finding(
                "driver.libraries", "driver", CheckState.Fail, "libcuda.so.1 was not found", "CUDA programs cannot start",
                $"install the driver's user-space libraries of version {module}, or add their directory to LD_LIBRARY_PATH");
            yield break;
        }

        var first = found[0];
        var version = VersionOf(first.Target);
        if (version is not null && version != module)
        {
            yield return new Finding(
                "driver.mismatch", "driver", CheckState.Fail, $"{first.Target} is version {version}, the loaded module is {module}",
                "NVML and CUDA refuse to start: Driver/library version mismatch",
                first.Place == "LD_LIBRARY_PATH"
                    ? $"remove {Path.GetDirectoryName(first.Path)} from LD_LIBRARY_PATH"
                    : "reboot, or unload and load the modules: modprobe -r nvidia_uvm nvidia_drm nvidia_modeset nvidia && modprobe nvidia");
        }
        else
        {
            yield return new Finding("driver.libraries", "driver", CheckState.Ok, $"{first.Target} ({first.Place})");
        }

        // What the linker would take may differ from what we found first.
        foreach (var other in found.Skip(1).Where(o => VersionOf(o.Target) is { } v && v != module))
        {
            var stubs = other.Path.Contains("/stubs/", StringComparison.Ordinal);
            yield return new Finding(
                "driver.second-library", "driver", other.Place is "LD_LIBRARY_PATH" or "ld.so.cache" ? CheckState.Fail : CheckState.Warn,
                $"{other.Target} is another version than the module {module} ({other.Place})",
                stubs ? "a stub library answers every call with an error" : "programs that find it first fail with a version mismatch",
                other.Place == "LD_LIBRARY_PATH" ? $"remove {Path.GetDirectoryName(other.Path)} from LD_LIBRARY_PATH" : $"remove the packages that own {other.Target}, then ldconfig");
        }

        var directory = Path.GetDirectoryName(first.Target)!;
        string[] wanted = ["libnvidia-ml", "libnvidia-ptxjitcompiler", .. MajorOf(module) >= 520 ? ["libnvidia-nvvm"] : Array.Empty<string>()];
        foreach (var name in wanted)
        {
            // nvvm is .so.4 with the version behind it; the others are .so.VERSION.
            if (!machine.Files.List(directory).Any(n => n.StartsWith(name + ".so.", StringComparison.Ordinal)))
            {
                yield return new Finding(
                    "driver.incomplete", "driver", CheckState.Fail, $"{name}.so is missing in {directory}",
                    name switch
                    {
                        "libnvidia-ml" => "NVML, nvidia-smi and NCCL do not work",
                        "libnvidia-ptxjitcompiler" => "programs that bring PTX (Triton, torch.compile, older builds on newer GPUs) fail: PTX JIT compiler library not found",
                        _ => "link-time optimised kernels fail to load",
                    },
                    $"install every library of driver {module}");
            }
        }
    }

    private static Finding? Nvml(MachineView machine, string module) => machine.Gpus.Status switch
    {
        NvmlReturn.Success => machine.Gpus.Gpus.Count == 0
            ? new Finding("driver.nvml", "driver", CheckState.Fail, "NVML sees no GPU", "the module is loaded, but no GPU started", "dmesg | grep NVRM shows why")
            : new Finding("driver.nvml", "driver", CheckState.Ok, $"NVML {machine.Gpus.DriverVersion}, CUDA up to {machine.Gpus.CudaVersion / 1000}.{machine.Gpus.CudaVersion % 1000 / 10}"),
        NvmlReturn.LibraryNotFound => new Finding("driver.nvml", "driver", CheckState.Fail, "libnvidia-ml.so.1 cannot be loaded", "nothing about the GPUs can be asked", $"install the libraries of driver {module}"),
        NvmlReturn.LibraryModuleMismatch => new Finding("driver.nvml", "driver", CheckState.Fail, "NVML: driver and library differ in version", "no CUDA program starts", "reboot"),
        NvmlReturn.NoPermission or NvmlReturn.OperatingSystem => new Finding("driver.nvml", "driver", CheckState.Fail, $"NVML: {machine.Gpus.Status}", "the device nodes cannot be opened: permissions or the device rules of a cgroup", "see the findings on device nodes; in a container: start it with --gpus all"),
        NvmlReturn.DriverNotLoaded => new Finding("driver.nvml", "driver", CheckState.Fail, "NVML: driver not loaded", "the control node cannot be reached", "modprobe nvidia; nvidia-modprobe"),
        var status => new Finding("driver.nvml", "driver", CheckState.Fail, $"NVML does not start: {status}", "no CUDA program starts", "dmesg | grep NVRM; reboot"),
    };

    internal static string? VersionOf(string file)
    {
        var at = file.IndexOf(".so.", StringComparison.Ordinal);
        var version = at < 0 ? "" : file[(at + 4)..];
        return version.Contains('.', StringComparison.Ordinal) ? version : null;
    }

    private static int MajorOf(string version) => int.TryParse(version.Split('.')[0], out var major) ? major : 0;
}
