using Torchyard.Machine.Files;

namespace Torchyard.Machine.Gpus;

/// <summary>A device node that the loaded driver needs.</summary>
internal sealed record ExpectedNode
{
    /// <summary>E.g. <c>/dev/nvidia0</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Its major number; null when the kernel does not say it.</summary>
    public required int? Major { get; init; }

    /// <summary>Its minor number.</summary>
    public required int Minor { get; init; }

    /// <summary>What does not work without it.</summary>
    public required string Why { get; init; }

    /// <summary>The command that makes it.</summary>
    public required string Cure { get; init; }
}

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
            new()
            {
                Path = "/dev/nvidiactl",
                Major = NvidiaMajor,
                Minor = ControlMinor,
                Why = "without the control node nothing of the driver works",
                Cure = "nvidia-modprobe (as root)",
            },
            new()
            {
                Path = "/dev/nvidia-uvm",
                Major = KernelModule.Major(files, "nvidia-uvm"),
                Minor = 0,
                Why = "CUDA starts with error 999 without it",
                Cure = "nvidia-modprobe -u -c=0 (as root)",
            },
            .. KernelModule
                .Minors(files)
                .Select(gpu => new ExpectedNode
                {
                    Path = $"/dev/nvidia{gpu.Value}",
                    Major = NvidiaMajor,
                    Minor = gpu.Value,
                    Why = $"the GPU at {gpu.Key} cannot be used",
                    Cure = $"nvidia-modprobe -c={gpu.Value} (as root)",
                }),
        ];

    /// <summary>Paths of those that are not there; empty when no driver is loaded.</summary>
    public static IReadOnlySet<string> Missing(MachineFiles files) =>
        KernelModule.Version(files) is null
            ? new HashSet<string>()
            : Of(files).Where(node => files.Device(node.Path) is null).Select(node => node.Path).ToHashSet(StringComparer.Ordinal);
}
