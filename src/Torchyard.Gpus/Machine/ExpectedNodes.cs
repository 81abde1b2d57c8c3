namespace Torchyard.Gpus.Machine;

/// <summary>A device node that the loaded driver needs.</summary>
/// <param name="Path">E.g. <c>/dev/nvidia0</c>.</param>
/// <param name="Major">Its major number; null when the kernel does not say it.</param>
/// <param name="Minor">Its minor number.</param>
/// <param name="Why">What does not work without it.</param>
/// <param name="Cure">The command that makes it.</param>
internal sealed record ExpectedNode(string Path, int? Major, int Minor, string Why, string Cure);

/// <summary>The device nodes that the driver of this machine needs, from what the kernel says in <c>/proc</c>.</summary>
internal static class ExpectedNodes
{
    /// <summary>The driver's own major number (NV_MAJOR_DEVICE_NUMBER, nv-linux.h).</summary>
    public const int NvidiaMajor = 195;

    /// <summary>Minor number of <c>/dev/nvidiactl</c> (NV_MINOR_DEVICE_NUMBER_CONTROL_DEVICE, nv-chardev-numbers.h).</summary>
    public const int ControlMinor = 255;

    /// <summary>Control, UVM, then one a GPU.</summary>
    public static IReadOnlyList<ExpectedNode> Of(MachineFiles files) =>
    [
        new("/dev/nvidiactl", NvidiaMajor, ControlMinor, "without the control node nothing of the driver works", "nvidia-modprobe (as root)"),
        new("/dev/nvidia-uvm", KernelModule.Major(files, "nvidia-uvm"), 0, "CUDA starts with error 999 without it", "nvidia-modprobe -u -c=0 (as root)"),
        .. KernelModule.Minors(files).Select(gpu =>
            new ExpectedNode($"/dev/nvidia{gpu.Value}", NvidiaMajor, gpu.Value, $"the GPU at {gpu.Key} cannot be used", $"nvidia-modprobe -c={gpu.Value} (as root)")),
    ];

    /// <summary>Paths of those that are not there; empty when no driver is loaded.</summary>
    public static IReadOnlySet<string> Missing(MachineFiles files) => KernelModule.Version(files) is null
        ? new HashSet<string>()
        : Of(files).Where(node => files.Device(node.Path) is null).Select(node => node.Path).ToHashSet(StringComparer.Ordinal);
}
