using Torchyard.Gpus.Machine;

namespace Torchyard.Gpus.Doctor;

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
/// <param name="Id">Stable name, e.g. <c>driver.mismatch</c>.</param>
/// <param name="Area">gpu, driver, nodes, fabric, network, containers, system.</param>
/// <param name="State">How it is.</param>
/// <param name="Text">What was seen, in one line.</param>
/// <param name="Why">Why it matters; null when it is as it should be.</param>
/// <param name="Cure">The command or setting that mends it; null when there is nothing to mend.</param>
public sealed record Finding(string Id, string Area, CheckState State, string Text, string? Why = null, string? Cure = null);

/// <summary>All findings of a machine.</summary>
/// <param name="Gpus">What NVML said.</param>
/// <param name="Findings">One entry a finding, in the order of the checks.</param>
public sealed record DoctorReport(GpuSnapshot Gpus, IReadOnlyList<Finding> Findings)
{
    /// <summary>True when nothing is broken.</summary>
    public bool IsHealthy => Findings.All(f => f.State != CheckState.Fail);
}

/// <summary>What checks look at.</summary>
/// <param name="Files">The machine's files.</param>
/// <param name="Gpus">What NVML said.</param>
/// <param name="Libraries">Where libraries are.</param>
/// <param name="Environment">Environment variables of the caller.</param>
/// <param name="Uid">Effective user id of the caller.</param>
/// <param name="Gids">Group ids of the caller.</param>
internal sealed record MachineView(
    MachineFiles Files, GpuSnapshot Gpus, Native.LibrarySearch Libraries, Func<string, string?> Environment, int Uid, IReadOnlyCollection<int> Gids)
{
    /// <summary>
    /// Device nodes that were missing before the driver's libraries were asked: as root, these make the nodes that they need (libnvidia-ml
    /// makes <c>/dev/nvidia-uvm</c>), so a look afterwards finds everything in order.
    /// </summary>
    public IReadOnlySet<string> MissingAtFirst { get; init; } = new HashSet<string>();

    /// <summary>Version of the loaded kernel module, or null when none is loaded.</summary>
    public string? ModuleVersion { get; } = KernelModule.Version(Files);

    /// <summary>NVIDIA GPUs on the PCI bus, e.g. <c>0000:18:00.0</c>.</summary>
    public IReadOnlyList<string> PciGpus { get; } = PciBus.NvidiaGpus(Files);

    /// <summary>True when there is anything of NVIDIA's to look at.</summary>
    public bool HasGpuHardware => PciGpus.Count > 0 || ModuleVersion is not null;
}

/// <summary>A group of related findings.</summary>
internal interface IMachineCheck
{
    /// <summary>Looks at the machine. It must not fail: what cannot be seen is <see cref="CheckState.Unknown"/>.</summary>
    IEnumerable<Finding> Run(MachineView machine);
}
