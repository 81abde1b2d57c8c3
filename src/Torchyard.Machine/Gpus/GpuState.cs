using Torchyard.Machine.Nvml;

namespace Torchyard.Machine.Gpus;

/// <summary>What NVML said about a machine. Every value that this driver, GPU or user cannot get is null, never a guess.</summary>
public sealed record GpuSnapshot
{
    /// <summary>Result of nvmlInit, or <see cref="NvmlReturn.LibraryNotFound"/>.</summary>
    public required NvmlReturn Status { get; init; }

    /// <summary>One entry a GPU, in NVML's order (by PCI bus).</summary>
    public required IReadOnlyList<GpuState> Gpus { get; init; }

    /// <summary>The NVML file that answered, or null.</summary>
    public string? Library { get; init; }

    /// <summary>Version of the loaded driver, e.g. <c>580.159.04</c>.</summary>
    public string? DriverVersion { get; init; }

    /// <summary>Newest CUDA that the driver serves, as 1000·major + 10·minor.</summary>
    public int? CudaVersion { get; init; }

    /// <summary>The snapshot of a machine without NVML.</summary>
    public static readonly GpuSnapshot None = new() { Status = NvmlReturn.LibraryNotFound, Gpus = [] };
}

/// <summary>One GPU as NVML describes it now. Units are in the names; null means unknown.</summary>
public sealed record GpuState
{
    /// <summary>NVML index.</summary>
    public required int Index { get; init; }

    /// <summary>Error of the handle itself: a GPU that fell off the bus has an index and nothing else.</summary>
    public NvmlReturn Status { get; init; }

    /// <summary>Product name, e.g. <c>NVIDIA H100 80GB HBM3</c>.</summary>
    public string? Name { get; init; }

    /// <summary><c>GPU-…</c>.</summary>
    public string? Uuid { get; init; }

    /// <summary>Minor number of <c>/dev/nvidiaN</c>; not the index.</summary>
    public int? Minor { get; init; }

    /// <summary>PCI address as sysfs writes it, <c>0000:18:00.0</c>.</summary>
    public string? PciAddress { get; init; }

    /// <summary>Compute capability, e.g. <c>9.0</c>.</summary>
    public string? ComputeCapability { get; init; }

    /// <summary>All memory, in bytes.</summary>
    public long? MemoryTotalBytes { get; init; }

    /// <summary>Memory in use by processes, in bytes (without what the driver reserves).</summary>
    public long? MemoryUsedBytes { get; init; }

    /// <summary>True when ECC is on.</summary>
    public bool? EccEnabled { get; init; }

    /// <summary>True when ECC will be on after the next reset.</summary>
    public bool? EccPending { get; init; }

    /// <summary>Uncorrected memory errors since the driver was loaded.</summary>
    public long? EccUncorrected { get; init; }

    /// <summary>Corrected memory errors since the driver was loaded.</summary>
    public long? EccCorrected { get; init; }

    /// <summary>Uncorrected memory errors over the GPU's life.</summary>
    public long? EccUncorrectedLifetime { get; init; }

    /// <summary>State of the spare memory rows (A100 and newer).</summary>
    public RemappedRows? RemappedRows { get; init; }

    /// <summary>Multiprocessor clock, in MHz.</summary>
    public int? SmClockMegahertz { get; init; }

    /// <summary>Highest multiprocessor clock, in MHz.</summary>
    public int? SmClockMaxMegahertz { get; init; }

    /// <summary>Memory clock, in MHz.</summary>
    public int? MemoryClockMegahertz { get; init; }

    /// <summary>Highest memory clock, in MHz.</summary>
    public int? MemoryClockMaxMegahertz { get; init; }

    /// <summary>Why clocks are below their highest: bits of nvmlClocksEventReasons (nvml.h).</summary>
    public ulong? ClockReasons { get; init; }

    /// <summary>Power drawn now, in watts.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Enforced power limit, in watts.</summary>
    public double? PowerLimitWatts { get; init; }

    /// <summary>Power limit as delivered, in watts.</summary>
    public double? PowerDefaultLimitWatts { get; init; }

    /// <summary>Temperature of the die, in °C.</summary>
    public int? TemperatureCelsius { get; init; }

    /// <summary>Share of time with a kernel running, in percent.</summary>
    public int? UtilisationPercent { get; init; }

    /// <summary>True when persistence mode is on.</summary>
    public bool? PersistenceMode { get; init; }

    /// <summary>nvmlComputeMode_t: 0 default, 2 prohibited, 3 exclusive process.</summary>
    public int? ComputeMode { get; init; }

    /// <summary>True when MIG is on.</summary>
    public bool? MigEnabled { get; init; }

    /// <summary>True when MIG will be on after the next reset.</summary>
    public bool? MigPending { get; init; }

    /// <summary>The MIG devices made on this GPU.</summary>
    public IReadOnlyList<MigDevice> MigDevices
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>PCIe generation now (it falls when the GPU is idle).</summary>
    public int? PcieGeneration { get; init; }

    /// <summary>Highest PCIe generation that GPU and slot can do together.</summary>
    public int? PcieGenerationMax { get; init; }

    /// <summary>PCIe lanes now.</summary>
    public int? PcieWidth { get; init; }

    /// <summary>Highest number of PCIe lanes.</summary>
    public int? PcieWidthMax { get; init; }

    /// <summary>PCIe packets sent again.</summary>
    public long? PcieReplays { get; init; }

    /// <summary>NVLinks that the GPU has; 0 for none.</summary>
    public int? NvLinks { get; init; }

    /// <summary>NVLinks that are up.</summary>
    public int? NvLinksActive { get; init; }

    /// <summary>NUMA node of the CPUs that are nearest.</summary>
    public int? NumaNode { get; init; }

    /// <summary>nvmlGpuFabricState_t: 0 not supported, 1 not started, 2 in progress, 3 completed.</summary>
    public int? FabricState { get; init; }

    /// <summary>Result of the registration with the fabric manager, valid when the state is completed.</summary>
    public int? FabricStatus { get; init; }

    /// <summary>Processes that compute on this GPU; null when they cannot be listed.</summary>
    public IReadOnlyList<GpuProcess>? Processes { get; init; }

    /// <summary>Errors that any of the questions met and that mean a broken GPU: lost, reset required, unknown.</summary>
    public IReadOnlyList<NvmlReturn> Faults
    {
        get => field ?? [];
        init;
    } = [];
}

/// <summary>Spare memory rows that were put in use (nvmlDeviceGetRemappedRows).</summary>
/// <param name="Correctable">Rows replaced after correctable errors.</param>
/// <param name="Uncorrectable">Rows replaced after uncorrectable errors.</param>
/// <param name="Pending">True when a row waits for a GPU reset to be replaced.</param>
/// <param name="Failed">True when a replacement failed: the GPU is to be returned.</param>
public sealed record RemappedRows(int Correctable, int Uncorrectable, bool Pending, bool Failed);

/// <summary>A MIG device.</summary>
public sealed record MigDevice
{
    /// <summary>Index on its GPU.</summary>
    public required int Index { get; init; }

    /// <summary><c>MIG-…</c>.</summary>
    public required string Uuid { get; init; }

    /// <summary>GPU instance id.</summary>
    public required int GpuInstance { get; init; }

    /// <summary>Compute instance id.</summary>
    public required int ComputeInstance { get; init; }

    /// <summary>Multiprocessors of it, or null.</summary>
    public int? Multiprocessors { get; init; }

    /// <summary>Memory of it in bytes, or null.</summary>
    public long? MemoryBytes { get; init; }
}

/// <summary>A process on a GPU.</summary>
/// <param name="Pid">Process id in the namespace of the driver.</param>
/// <param name="MemoryBytes">GPU memory in bytes, or null.</param>
public sealed record GpuProcess(int Pid, long? MemoryBytes = null);
