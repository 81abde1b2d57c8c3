using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;

namespace Torchyard.Reports.Doctor;

/// <summary>How a check ended.</summary>
public enum CheckState
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Works, but costs speed or fails in some uses.</summary>
    Warn,

    /// <summary>Broken: something that users need does not work.</summary>
    Fail,

    /// <summary>Could not be found out, for want of permission or of a file.</summary>
    Unknown,
}

/// <summary>One finding of <c>doctor</c>.</summary>
public sealed record Finding
{
    /// <summary>Stable name, e.g. <c>driver.mismatch</c>.</summary>
    public required string Id { get; init; }

    /// <summary>gpu, driver, nodes, fabric, network, containers, system.</summary>
    public required string Area { get; init; }

    /// <summary>How it is.</summary>
    public required CheckState State { get; init; }

    /// <summary>What was seen, in one line.</summary>
    public required string Text { get; init; }

    /// <summary>Why it matters; null when it is as it should be.</summary>
    public string? Why { get; init; }

    /// <summary>The command or setting that fixes it; null when there is nothing to fix.</summary>
    public string? Cure { get; init; }
}

/// <summary>All findings of a machine.</summary>
/// <param name="Gpus">What NVML said.</param>
/// <param name="Findings">One entry a finding, in the order of the checks.</param>
public sealed record DoctorReport(GpuSnapshot Gpus, IReadOnlyList<Finding> Findings)
{
    /// <summary>True when nothing is broken.</summary>
    public bool IsHealthy => Findings.All(f => f.State != CheckState.Fail);
}

/// <summary>What checks look at.</summary>
internal sealed record MachineView
{
    /// <summary>The machine's files.</summary>
    public required MachineFiles Files
    {
        get;
        init
        {
            field = value;
            ModuleVersion = KernelModule.Version(value);
            PciGpus = PciBus.NvidiaGpus(value);
        }
    }

    /// <summary>What NVML said.</summary>
    public required GpuSnapshot Gpus { get; init; }

    /// <summary>Where libraries are.</summary>
    public required Torchyard.Machine.Libraries.LibrarySearch Libraries { get; init; }

    /// <summary>Environment variables of the caller.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>Effective user id of the caller.</summary>
    public required int Uid { get; init; }

    /// <summary>Group ids of the caller.</summary>
    public required IReadOnlyCollection<int> Gids { get; init; }

    /// <summary>
    /// Device nodes that were missing before the driver's libraries were asked: as root, these make the nodes that they need (libnvidia-ml
    /// makes <c>/dev/nvidia-uvm</c>), so a look afterwards finds everything in order.
    /// </summary>
    public IReadOnlySet<string> MissingAtFirst { get; init; } = new HashSet<string>();

    /// <summary>Version of the loaded kernel module, or null when none is loaded.</summary>
    public string? ModuleVersion { get; private init; }

    /// <summary>NVIDIA GPUs on the PCI bus, e.g. <c>0000:18:00.0</c>.</summary>
    public IReadOnlyList<string> PciGpus { get; private init; } = [];

    /// <summary>True when there is anything of NVIDIA's to look at.</summary>
    public bool HasGpuHardware => PciGpus.Count > 0 || ModuleVersion is not null;
}

/// <summary>A group of related findings.</summary>
internal interface IMachineCheck
{
    /// <summary>Looks at the machine. It must not fail: what cannot be seen is <see cref="CheckState.Unknown"/>.</summary>
    IEnumerable<Finding> Run(MachineView machine);
}
