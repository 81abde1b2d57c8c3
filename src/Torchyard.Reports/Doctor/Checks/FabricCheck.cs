using Torchyard.Platform.Text;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>NVSwitch machines: the fabric manager must run, in the driver's version, or CUDA gives error 802.</summary>
internal sealed class FabricCheck : IMachineCheck
{
    private const int StateCompleted = 3;
    private const int StateNotSupported = 0;

    public IEnumerable<Finding> Run(MachineView machine)
    {
        var switches = machine.Files.List("/proc/driver/nvidia-nvswitch/devices").Length;
        var running = machine
            .Files.List("/proc")
            .Where(name => name.All(char.IsAsciiDigit))
            .Any(pid => machine.Files.ReadText($"/proc/{pid}/comm") is "nv-fabricmanage" or "nv-fabricmanager");
        var waiting = machine
            .Gpus.Gpus.Where(g =>
                g.FabricState is { } s && s != StateNotSupported && (s != StateCompleted || g.FabricStatus is not (null or 0))
            )
            .ToList();
        if (switches == 0 && waiting.Count == 0)
        {
            yield break;
        }

        if (waiting.Count > 0)
        {
            yield return new Finding
            {
                Id = "fabric.state",
                Area = "fabric",
                State = CheckState.Fail,
                Text =
                    $"{Count.Word(waiting.Count, "GPU", "GPUs")} {string.Join(", ", waiting.Select(g => g.Index))} "
                    + $"{Count.Word(waiting.Count, "is", "are")} not registered with the NVSwitch fabric",
                Why = "CUDA starts with error 802 (system not yet initialised), or without NVLink",
                Cure = running
                    ? "systemctl restart nvidia-fabricmanager; its version must equal the driver's: journalctl -u nvidia-fabricmanager"
                    : "systemctl enable --now nvidia-fabricmanager (install the version of the driver)",
            };
        }
        else if (!running && machine.Gpus.Gpus.All(g => g.FabricState != StateCompleted))
        {
            yield return new Finding
            {
                Id = "fabric.manager",
                Area = "fabric",
                State = CheckState.Fail,
                Text = $"{Count.Of(switches, "NVSwitch")}, but nv-fabricmanager does not run",
                Why = "CUDA starts with error 802 (system not yet initialised)",
                Cure = "systemctl enable --now nvidia-fabricmanager (install the version of the driver)",
            };
        }
        else
        {
            yield return new Finding
            {
                Id = "fabric.manager",
                Area = "fabric",
                State = CheckState.Ok,
                Text = $"{Count.Of(switches, "NVSwitch")}, GPUs are registered with the fabric",
            };
        }
    }
}
