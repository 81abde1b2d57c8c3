using Torchyard.Machine.Gpus;
using Torchyard.Machine.Nvml;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>Each GPU: errors of its memory, heat, power, clocks, links, modes and who uses it.</summary>
internal sealed class GpuHealthCheck : IMachineCheck
{
    private const int HotCelsius = 87;
    private const double BusyShare = 0.05;

    public IEnumerable<Finding> Run(MachineView machine)
    {
        foreach (var gpu in machine.Gpus.Gpus)
        {
            var findings = Broken(gpu).Concat(Memory(gpu)).Concat(Clocks(gpu)).Concat(Links(gpu)).Concat(Modes(gpu)).ToList();
            if (findings.Count == 0)
            {
                yield return new Finding
                {
                    Id = "gpu.health",
                    Area = "gpu",
                    State = CheckState.Ok,
                    Text = $"GPU {gpu.Index} {gpu.Name}: no errors, clocks and links in order",
                };
            }

            foreach (var finding in findings)
            {
                yield return finding;
            }

            if (Users(gpu) is { } users)
            {
                yield return users;
            }
        }

        // A GPU that the bus shows and NVML does not is hidden by a variable, a cgroup, or has failed to start.
        if (machine.Gpus.Status == NvmlReturn.Success && machine.PciGpus.Count > machine.Gpus.Gpus.Count)
        {
            yield return new Finding
            {
                Id = "gpu.missing",
                Area = "gpu",
                State = CheckState.Warn,
                Text = $"{Count.Of(machine.PciGpus.Count, "GPU")} on the PCI bus, {machine.Gpus.Gpus.Count} seen by NVML",
                Why = "a GPU failed to start, or this process may not see it",
                Cure = "dmesg | grep -E 'NVRM|Xid'; in a container: torchyard run --gpus all",
            };
        }
    }

    private static IEnumerable<Finding> Broken(GpuState gpu)
    {
        foreach (var fault in gpu.Faults)
        {
            yield return Finding(
                gpu,
                "gpu.fault",
                CheckState.Fail,
                fault switch
                {
                    NvmlReturn.GpuIsLost => "has fallen off the bus",
                    NvmlReturn.ResetRequired => "needs a reset",
                    NvmlReturn.CorruptedInforom => "has a damaged configuration memory (infoROM)",
                    _ => $"answers with {fault}",
                },
                "every program on it fails",
                fault switch
                {
                    NvmlReturn.GpuIsLost => "power-cycle the machine; if it comes back, have slot, power and cooling checked",
                    NvmlReturn.ResetRequired => $"stop all programs on it, then nvidia-smi -r -i {gpu.Index}",
                    NvmlReturn.CorruptedInforom => "have the GPU replaced",
                    _ => "in a container: recreate it (systemctl daemon-reload took the devices away); else dmesg | grep Xid",
                }
            );
        }
    }

    private static IEnumerable<Finding> Memory(GpuState gpu)
    {
        if (gpu.RemappedRows is { Failed: true })
        {
            yield return Finding(
                gpu,
                "gpu.rows-failed",
                CheckState.Fail,
                "could not replace a bad memory row",
                "results may be wrong",
                "take it out of service; it qualifies for return"
            );
        }
        else if (gpu.RemappedRows is { Pending: true })
        {
            yield return Finding(
                gpu,
                "gpu.rows-pending",
                CheckState.Fail,
                "a bad memory row waits for a reset to be replaced",
                "the bad memory is still in use",
                $"stop all programs on it, then nvidia-smi -r -i {gpu.Index}"
            );
        }
        else if (gpu.RemappedRows is { Uncorrectable: > 0 } rows)
        {
            yield return Finding(
                gpu,
                "gpu.rows",
                CheckState.Warn,
                $"{Count.Of(rows.Uncorrectable, "memory row")} {Count.Word(rows.Uncorrectable, "was", "were")} "
                    + "replaced after uncorrectable errors",
                "spare rows are limited",
                "watch it: nvidia-smi -q -d ROW_REMAPPER"
            );
        }

        if (gpu.EccUncorrected > 0)
        {
            yield return Finding(
                gpu,
                "gpu.ecc-errors",
                CheckState.Fail,
                $"{Count.Of((long)gpu.EccUncorrected, "uncorrected memory error")} since the driver was loaded",
                "programs on it ended, or their results are wrong",
                $"nvidia-smi -r -i {gpu.Index} when idle; then torchyard verify"
            );
        }

        if (gpu.EccEnabled == false)
        {
            yield return Finding(
                gpu,
                "gpu.ecc-off",
                CheckState.Warn,
                "ECC is off",
                "bit flips in long training runs stay unseen",
                $"nvidia-smi -e 1 -i {gpu.Index}, then reboot"
            );
        }
        else if (gpu.EccEnabled != gpu.EccPending)
        {
            yield return Finding(
                gpu,
                "gpu.ecc-pending",
                CheckState.Warn,
                "a change of the ECC mode waits for a reset",
                "the mode is not what was asked for",
                $"nvidia-smi -r -i {gpu.Index}"
            );
        }
    }

    private static IEnumerable<Finding> Clocks(GpuState gpu)
    {
        if (gpu.ClockReasons is { } bits && ClockReasons.Harmful(bits) is { Count: > 0 } reasons)
        {
            yield return Finding(
                gpu,
                "gpu.throttled",
                CheckState.Fail,
                $"clocks are held back: {string.Join(", ", reasons)}",
                "it runs slower than it should, and slows down every rank of a job",
                "check cooling and power supply; nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER"
            );
        }

        if (gpu.TemperatureCelsius >= HotCelsius)
        {
            yield return Finding(
                gpu,
                "gpu.hot",
                CheckState.Warn,
                $"{gpu.TemperatureCelsius} °C",
                "close to where clocks are lowered",
                "check air flow and inlet temperature"
            );
        }

        if (gpu.PowerLimitWatts < gpu.PowerDefaultLimitWatts - 1)
        {
            yield return Finding(
                gpu,
                "gpu.power-limit",
                CheckState.Warn,
                $"power limit {gpu.PowerLimitWatts:0} W, delivered with {gpu.PowerDefaultLimitWatts:0} W",
                "matrix products are slower than usual",
                $"nvidia-smi -pl {gpu.PowerDefaultLimitWatts:0} -i {gpu.Index}, unless the site wants the limit"
            );
        }
    }

    private static IEnumerable<Finding> Links(GpuState gpu)
    {
        if (gpu.PcieWidth < gpu.PcieWidthMax)
        {
            yield return Finding(
                gpu,
                "gpu.pcie-width",
                CheckState.Fail,
                $"PCIe runs on {gpu.PcieWidth} of {gpu.PcieWidthMax} lanes",
                "copies from the host are slower in proportion",
                "reseat the GPU or riser; check the slot in the firmware's settings"
            );
        }
        // An idle GPU lowers its generation, so only a busy one counts.
        if (gpu is { UtilisationPercent: > 20, PcieGeneration: { } now, PcieGenerationMax: { } most } && now < most)
        {
            yield return Finding(
                gpu,
                "gpu.pcie-generation",
                CheckState.Warn,
                $"PCIe generation {now} under load, {most} is possible",
                "copies from the host run at half or a quarter of the rate",
                "check the slot's settings in the firmware; reseat the riser"
            );
        }

        if (gpu.PcieReplays > 1000)
        {
            yield return Finding(
                gpu,
                "gpu.pcie-replays",
                CheckState.Warn,
                $"{gpu.PcieReplays} PCIe packets were sent again",
                "a marginal link: slow copies, later a lost GPU",
                "reseat the GPU or riser"
            );
        }

        if (gpu.NvLinksActive < gpu.NvLinks)
        {
            yield return Finding(
                gpu,
                "gpu.nvlink",
                gpu.NvLinksActive == 0 ? CheckState.Warn : CheckState.Fail,
                $"{gpu.NvLinksActive} of {gpu.NvLinks} NVLinks are up",
                "NCCL is slower, or takes PCIe",
                $"nvidia-smi nvlink -s -i {gpu.Index}; on PCIe cards fit the bridge; with NVSwitch check the fabric manager"
            );
        }
    }

    private static IEnumerable<Finding> Modes(GpuState gpu)
    {
        if (gpu.ComputeMode == 2)
        {
            yield return Finding(
                gpu,
                "gpu.prohibited",
                CheckState.Fail,
                "compute mode is 'prohibited'",
                "CUDA finds no device",
                $"nvidia-smi -c 0 -i {gpu.Index}"
            );
        }
        else if (gpu.ComputeMode == 3)
        {
            yield return Finding(
                gpu,
                "gpu.exclusive",
                CheckState.Warn,
                "compute mode is 'exclusive process'",
                "a second process (a debugger, a second rank) is refused",
                $"nvidia-smi -c 0 -i {gpu.Index}, unless the site wants it"
            );
        }

        if (gpu.PersistenceMode == false)
        {
            yield return Finding(
                gpu,
                "gpu.persistence",
                CheckState.Warn,
                "persistence mode is off",
                "every first CUDA start costs one to several seconds, and settings are lost in between",
                "systemctl enable --now nvidia-persistenced"
            );
        }

        if (gpu.MigEnabled != gpu.MigPending)
        {
            yield return Finding(
                gpu,
                "gpu.mig-pending",
                CheckState.Warn,
                "a change of the MIG mode waits for a reset",
                "the GPU is not yet divided as asked",
                $"nvidia-smi -r -i {gpu.Index}"
            );
        }

        if (gpu is { MigEnabled: true, MigDevices.Count: 0 })
        {
            yield return Finding(
                gpu,
                "gpu.mig-empty",
                CheckState.Fail,
                "MIG is on, but no MIG device exists",
                "CUDA finds no device on it",
                $"nvidia-smi mig -cgi 19,19 -C -i {gpu.Index} makes some; nvidia-smi -mig 0 -i {gpu.Index} turns MIG off"
            );
        }
    }

    private static Finding? Users(GpuState gpu)
    {
        var share = gpu is { MemoryTotalBytes: > 0, MemoryUsedBytes: { } used } ? (double)used / gpu.MemoryTotalBytes.Value : 0;
        if (gpu.Processes is not { Count: > 0 } && share < BusyShare)
        {
            return null;
        }

        var who = gpu.Processes is { Count: > 0 } list
            ? $"{Count.Word(list.Count, "process", "processes")} {string.Join(", ", list.Select(p => p.Pid))}"
            : "processes that this user cannot see";
        return Finding(
            gpu,
            "gpu.busy",
            CheckState.Warn,
            $"{who} {(gpu.Processes is [_] ? "holds" : "hold")} {share:0%} of its memory",
            "a new program has less memory and time",
            "nvidia-smi shows them; torchyard ps those of containers"
        );
    }

    private static Finding Finding(GpuState gpu, string id, CheckState state, string text, string why, string cure) =>
        new()
        {
            Id = id,
            Area = "gpu",
            State = state,
            Text = $"GPU {gpu.Index}: {text}",
            Why = why,
            Cure = cure,
        };
}
