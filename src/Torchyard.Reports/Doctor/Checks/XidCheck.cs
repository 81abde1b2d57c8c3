using Torchyard.Machine.Gpus;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>Errors that GPUs reported to the kernel since boot (NVIDIA, "Xid Errors").</summary>
internal sealed class XidCheck : IMachineCheck
{
    private static readonly Dictionary<int, (CheckState State, string What, string Cure)> Known = new()
    {
        [13] = (
            CheckState.Warn,
            "a program accessed memory wrongly",
            "a defect of a program: compute-sanitizer finds it; on every program: torchyard verify"
        ),
        [31] = (CheckState.Warn, "a program accessed an unmapped address", "a defect of a program: compute-sanitizer finds it"),
        [43] = (CheckState.Warn, "a program was stopped after an error of its own", "nothing, unless it repeats"),
        [45] = (CheckState.Warn, "a program was stopped while it ran", "nothing, unless it repeats"),
        [48] = (CheckState.Fail, "uncorrectable memory error", "reset the GPU when idle (nvidia-smi -r); then torchyard verify"),
        [63] = (CheckState.Warn, "a memory row was marked for replacement", "reset the GPU when idle (nvidia-smi -r)"),
        [64] = (CheckState.Fail, "a memory row could not be replaced", "take the GPU out of service; it qualifies for return"),
        [74] = (CheckState.Fail, "NVLink error", "nvidia-smi nvlink -e shows the link; reseat GPU or bridge, check the fabric manager"),
        [79] = (CheckState.Fail, "the GPU has fallen off the bus", "power-cycle; check slot, power and cooling"),
        [92] = (CheckState.Warn, "many corrected memory errors", "watch it: nvidia-smi -q -d ECC"),
        [94] = (CheckState.Fail, "uncorrectable memory error, contained to one program", "reset the GPU when idle (nvidia-smi -r)"),
        [95] = (CheckState.Fail, "uncorrectable memory error, not contained", "stop all programs and reset the GPU (nvidia-smi -r)"),
        [119] = (CheckState.Fail, "the GPU's own processor (GSP) does not answer", "power-cycle; update the driver"),
        [120] = (CheckState.Fail, "error of the GPU's own processor (GSP)", "power-cycle; update the driver"),
        [149] = (CheckState.Fail, "NVLink error", "nvidia-smi nvlink -e; check the fabric manager"),
    };

    public IEnumerable<Finding> Run(MachineView machine)
    {
        if (!machine.HasGpuHardware)
        {
            yield break;
        }

        if (KernelLog.Read(machine.Files) is not { } log)
        {
            yield return new Finding
            {
                Id = "gpu.xid",
                Area = "gpu",
                State = CheckState.Unknown,
                Text = "the kernel's log cannot be read by this user",
                Why = "errors of the GPUs since boot stay unseen",
                Cure = "sudo dmesg | grep Xid",
            };
            yield break;
        }

        var errors = KernelLog.Xids(log);
        if (errors.Count == 0)
        {
            yield return new Finding
            {
                Id = "gpu.xid",
                Area = "gpu",
                State = CheckState.Ok,
                Text = "no Xid errors in the kernel's log",
            };
        }

        foreach (
            var group in errors
                .GroupBy(e => (e.PciAddress, e.Code))
                .OrderBy(g => g.Key.PciAddress, StringComparer.Ordinal)
                .ThenBy(g => g.Key.Code)
        )
        {
            var (state, what, cure) = Known.TryGetValue(group.Key.Code, out var known)
                ? known
                : (CheckState.Warn, "see NVIDIA's list of Xid errors", "dmesg | grep Xid");
            yield return new Finding
            {
                Id = "gpu.xid",
                Area = "gpu",
                State = state,
                Text = $"GPU {group.Key.PciAddress}: Xid {group.Key.Code}, {Count.Of(group.Count(), "time")}: {what}",
                Why = "the GPU or a program on it failed",
                Cure = cure,
            };
        }
    }
}
