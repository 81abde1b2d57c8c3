using Torchyard.Machine.Files;
using Torchyard.Machine.Libraries;
using Torchyard.Machine.Nvml;

namespace Torchyard.Machine.Gpus;

/// <summary>Asks NVML everything once and gives plain records.</summary>
internal static class NvmlReader
{
    private const uint NotAvailable = uint.MaxValue;
    private const int MaxGpus = 256;
    private const uint MaxLinks = 18;

    /// <summary>Reads the machine through the first NVML that can be loaded.</summary>
    /// <param name="search">Where NVML is.</param>
    /// <param name="files">The machine.</param>
    /// <param name="questions">What is asked.</param>
    public static GpuSnapshot Read(LibrarySearch search, MachineFiles files, NvmlQuestions questions = NvmlQuestions.All)
    {
        foreach (var found in search.Find("libnvidia-ml.so.1"))
        {
            if (files.RealPath(found.Path) is { } real && NvmlLibrary.TryLoad(real) is { } library)
            {
                var read = Read(library, questions);
                return questions != NvmlQuestions.All
                    ? read
                    : read with
                    {
                        Gpus = [.. read.Gpus.Select(gpu => gpu with { NumaNode = NumaNode(files, gpu.PciAddress) })],
                    };
            }
        }

        return GpuSnapshot.None;
    }

    /// <summary>
    /// The kernel's answer, -1 for none: nvmlDeviceGetNumaNodeId means the node of a GPU's own memory, which only coherent ones have
    /// (nvml.h).
    /// </summary>
    private static int? NumaNode(MachineFiles files, string? address) =>
        address is not null && files.ReadNumber($"/sys/bus/pci/devices/{address}/numa_node") is >= 0 and var node ? (int)node : null;

    /// <summary>Reads the machine through a loaded NVML.</summary>
    public static GpuSnapshot Read(NvmlLibrary nvml, NvmlQuestions questions = NvmlQuestions.All)
    {
        var status = nvml.Initialize();
        if (status != NvmlReturn.Success)
        {
            return new GpuSnapshot
            {
                Status = status,
                Gpus = [],
                Library = nvml.Path,
            };
        }

        try
        {
            _ = nvml.SystemText("nvmlSystemGetDriverVersion", out var driver);
            var cuda = nvml.System("nvmlSystemGetCudaDriverVersion_v2", out int version) == NvmlReturn.Success ? version : (int?)null;
            _ = nvml.System("nvmlDeviceGetCount_v2", out uint count);
            var gpus = new List<GpuState>();
            for (var i = 0u; i < Math.Min(count, MaxGpus); i++)
            {
                var handle = nvml.DeviceByIndex(i, out var device);
                gpus.Add(
                    handle == NvmlReturn.Success
                        ? questions switch
                        {
                            NvmlQuestions.Identity => new DeviceQuestions(nvml, device).Identify((int)i),
                            NvmlQuestions.Use => new DeviceQuestions(nvml, device).Use((int)i),
                            _ => new DeviceQuestions(nvml, device).Read((int)i),
                        }
                        : new GpuState
                        {
                            Index = (int)i,
                            Status = handle,
                            Faults = [handle],
                        }
                );
            }

            return new GpuSnapshot
            {
                Status = NvmlReturn.Success,
                Gpus = gpus,
                Library = nvml.Path,
                DriverVersion = driver,
                CudaVersion = cuda,
            };
        }
        finally
        {
            nvml.Shutdown();
        }
    }

    /// <summary>The questions to one device; collects the errors that mean a broken GPU.</summary>
    private sealed class DeviceQuestions(NvmlLibrary nvml, nint device)
    {
        private readonly SortedSet<NvmlReturn> _faults = [];

        public GpuState Identify(int index)
        {
            var mig = Pair("nvmlDeviceGetMigMode");
            return new GpuState
            {
                Index = index,
                Name = Text("nvmlDeviceGetName"),
                Uuid = Text("nvmlDeviceGetUUID"),
                Minor = Number("nvmlDeviceGetMinorNumber"),
                PciAddress = PciAddress(),
                MigEnabled = mig is var (now, _) ? now != 0 : null,
                MigDevices = mig is (1, _) ? MigDevices() : [],
                Processes = Processes(),
            };
        }

        public GpuState Use(int index)
        {
            var (memoryTotal, memoryUsed) = Memory();
            return Identify(index) with
            {
                MemoryTotalBytes = memoryTotal,
                MemoryUsedBytes = memoryUsed,
                UtilisationPercent = Utilisation(),
            };
        }

        public GpuState Read(int index)
        {
            var (memoryTotal, memoryUsed) = Memory();
            var (links, linksActive) = NvLinks();
            var (fabricState, fabricStatus) = Fabric();
            var mig = Pair("nvmlDeviceGetMigMode");
            var ecc = Pair("nvmlDeviceGetEccMode");
            var capability = Pair("nvmlDeviceGetCudaComputeCapability");
            var state = new GpuState
            {
                Index = index,
                Name = Text("nvmlDeviceGetName"),
                Uuid = Text("nvmlDeviceGetUUID"),
                Minor = Number("nvmlDeviceGetMinorNumber"),
                PciAddress = PciAddress(),
                ComputeCapability = capability is var (major, minor) ? $"{major}.{minor}" : null,
                MemoryTotalBytes = memoryTotal,
                MemoryUsedBytes = memoryUsed,
                EccEnabled = ecc is var (eccNow, _) ? eccNow != 0 : null,
                EccPending = ecc is var (_, eccNext) ? eccNext != 0 : null,
                EccUncorrected = Ecc(errorType: 1, counterType: 0),
                EccCorrected = Ecc(errorType: 0, counterType: 0),
                EccUncorrectedLifetime = Ecc(errorType: 1, counterType: 1),
                RemappedRows = Rows(),
                SmClockMegahertz = Number("nvmlDeviceGetClockInfo", 1),
                SmClockMaxMegahertz = Number("nvmlDeviceGetMaxClockInfo", 1),
                MemoryClockMegahertz = Number("nvmlDeviceGetClockInfo", 2),
                MemoryClockMaxMegahertz = Number("nvmlDeviceGetMaxClockInfo", 2),
                ClockReasons = ClockReasons(),
                PowerWatts = Watts("nvmlDeviceGetPowerUsage"),
                PowerLimitWatts = Watts("nvmlDeviceGetEnforcedPowerLimit"),
                PowerDefaultLimitWatts = Watts("nvmlDeviceGetPowerManagementDefaultLimit"),
                TemperatureCelsius = Number("nvmlDeviceGetTemperature", 0),
                UtilisationPercent = Utilisation(),
                PersistenceMode = Number("nvmlDeviceGetPersistenceMode") is { } persistence ? persistence != 0 : null,
                ComputeMode = Number("nvmlDeviceGetComputeMode"),
                MigEnabled = mig is var (migNow, _) ? migNow != 0 : null,
                MigPending = mig is var (_, migNext) ? migNext != 0 : null,
                MigDevices = mig is (1, _) ? MigDevices() : [],
                PcieGeneration = Number("nvmlDeviceGetCurrPcieLinkGeneration"),
                PcieGenerationMax = Number("nvmlDeviceGetMaxPcieLinkGeneration"),
                PcieWidth = Number("nvmlDeviceGetCurrPcieLinkWidth"),
                PcieWidthMax = Number("nvmlDeviceGetMaxPcieLinkWidth"),
                PcieReplays = Counter("nvmlDeviceGetPcieReplayCounter"),
                NvLinks = links,
                NvLinksActive = linksActive,
                FabricState = fabricState,
                FabricStatus = fabricStatus,
                Processes = Processes(),
            };
            return state with { Faults = [.. _faults] };
        }

        private bool Ok(NvmlReturn status)
        {
            if (status is NvmlReturn.GpuIsLost or NvmlReturn.ResetRequired or NvmlReturn.Unknown or NvmlReturn.CorruptedInforom)
            {
                _faults.Add(status);
            }

            return status == NvmlReturn.Success;
        }

        private string? Text(string function) => Ok(nvml.DeviceText(function, device, out var text)) ? text : null;

        private int? Number(string function)
        {
            var value = 0u;
            return Ok(nvml.Device(function, device, ref value)) && value != NotAvailable ? (int)value : null;
        }

        /// <summary>A number that may use all 32 bits.</summary>
        private long? Counter(string function)
        {
            var value = 0u;
            return Ok(nvml.Device(function, device, ref value)) && value != NotAvailable ? value : null;
        }

        private int? Number(string function, uint argument) =>
            Ok(nvml.Device(function, device, argument, out uint value)) && value != NotAvailable ? (int)value : null;

        private (int First, int Second)? Pair(string function) =>
            Ok(nvml.DevicePair(function, device, out var first, out var second)) ? ((int)first, (int)second) : null;

        private double? Watts(string function) => Number(function) is { } milliwatts ? milliwatts / 1000.0 : null;

        private long? Ecc(uint errorType, uint counterType) =>
            Ok(nvml.EccErrors(device, errorType, counterType, out var count)) ? (long)count : null;

        private RemappedRows? Rows() =>
            Ok(nvml.RemappedRows(device, out var correctable, out var uncorrectable, out var pending, out var failure))
                ? new RemappedRows((int)correctable, (int)uncorrectable, pending != 0, failure != 0)
                : null;

        private ulong? ClockReasons()
        {
            var value = 0UL;
            // Renamed in driver 535; the old name stays for now.
            return
                Ok(nvml.Device("nvmlDeviceGetCurrentClocksEventReasons", device, ref value))
                || Ok(nvml.Device("nvmlDeviceGetCurrentClocksThrottleReasons", device, ref value))
                ? value
                : null;
        }

        private int? Utilisation()
        {
            var value = default(NvmlUtilization);
            return Ok(nvml.Device("nvmlDeviceGetUtilizationRates", device, ref value)) ? (int)value.Gpu : null;
        }

        private (long? Total, long? Used) Memory()
        {
            // The first form counts what the driver reserves as used.
            var second = new NvmlMemoryV2 { Version = NvmlVersion.Of<NvmlMemoryV2>(2) };
            if (Ok(nvml.Device("nvmlDeviceGetMemoryInfo_v2", device, ref second)))
            {
                return ((long)second.Total, (long)second.Used);
            }

            var first = default(NvmlMemory);
            return Ok(nvml.Device("nvmlDeviceGetMemoryInfo", device, ref first)) ? ((long)first.Total, (long)first.Used) : (null, null);
        }

        private unsafe string? PciAddress()
        {
            var info = default(NvmlPciInfo);
            // The function number is always 0 (NVML_DEVICE_PCI_BUS_ID_FMT).
            return Ok(nvml.Device("nvmlDeviceGetPciInfo_v3", device, ref info))
                ? $"{info.Domain:x4}:{info.Bus:x2}:{info.Device:x2}.0"
                : null;
        }

        private (int? Links, int? Active) NvLinks()
        {
            int links = 0,
                active = 0;
            for (var link = 0u; link < MaxLinks; link++)
            {
                var status = nvml.Device("nvmlDeviceGetNvLinkState", device, link, out uint state);
                if (status == NvmlReturn.FunctionNotFound)
                {
                    return (null, null);
                }

                if (!Ok(status))
                {
                    break;
                }

                links++;
                active += state != 0 ? 1 : 0;
            }

            return (links, active);
        }

        private (int? State, int? Status) Fabric()
        {
            var info = new NvmlFabricInfoV2 { Version = NvmlVersion.Of<NvmlFabricInfoV2>(2) };
            return Ok(nvml.Device("nvmlDeviceGetGpuFabricInfoV", device, ref info)) ? (info.State, info.Status) : (null, null);
        }

        private List<GpuProcess>? Processes() =>
            Ok(nvml.Processes(device, out var processes))
                ? [.. processes.Select(p => new GpuProcess((int)p.Pid, p.UsedGpuMemory == ulong.MaxValue ? null : (long)p.UsedGpuMemory))]
                : null;

        private List<MigDevice> MigDevices()
        {
            var devices = new List<MigDevice>();
            var most = Number("nvmlDeviceGetMaxMigDeviceCount") ?? 0;
            for (var i = 0u; i < most; i++)
            {
                if (nvml.Device("nvmlDeviceGetMigDeviceHandleByIndex", device, i, out nint handle) != NvmlReturn.Success)
                {
                    continue;
                }

                uint instance = 0,
                    compute = 0;
                var attributes = default(NvmlDeviceAttributes);
                if (
                    nvml.DeviceText("nvmlDeviceGetUUID", handle, out var uuid) != NvmlReturn.Success
                    || nvml.Device("nvmlDeviceGetGpuInstanceId", handle, ref instance) != NvmlReturn.Success
                    || nvml.Device("nvmlDeviceGetComputeInstanceId", handle, ref compute) != NvmlReturn.Success
                )
                {
                    continue;
                }

                var known = nvml.Device("nvmlDeviceGetAttributes_v2", handle, ref attributes) == NvmlReturn.Success;
                devices.Add(
                    new MigDevice
                    {
                        Index = (int)i,
                        Uuid = uuid!,
                        GpuInstance = (int)instance,
                        ComputeInstance = (int)compute,
                        Multiprocessors = known ? (int)attributes.MultiprocessorCount : null,
                        MemoryBytes = known ? (long)attributes.MemorySizeMebibytes << 20 : null,
                    }
                );
            }

            return devices;
        }
    }
}
