using System.Globalization;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Nvml;

namespace Torchyard.Testing.Gpus;

/// <summary>What the fake NVML is to answer, from the snapshot that is to come back. The lines are those of answers.py.</summary>
public static class NvmlAnswers
{
    public static string Of(GpuSnapshot snapshot)
    {
        var lines = new List<string> { $"nvmlInit_v2 {(int)snapshot.Status}", $"nvmlDeviceGetCount_v2 0 {snapshot.Gpus.Count}" };
        if (snapshot.DriverVersion is { } driver)
        {
            lines.Add($"nvmlSystemGetDriverVersion 0 {driver}");
        }

        if (snapshot.CudaVersion is { } cuda)
        {
            lines.Add($"nvmlSystemGetCudaDriverVersion_v2 0 {cuda}");
        }

        foreach (var gpu in snapshot.Gpus)
        {
            if (gpu.Status != NvmlReturn.Success)
            {
                lines.Add($"{gpu.Index}/handle {(int)gpu.Status}");
            }
            else
            {
                lines.AddRange(Lines(gpu));
            }
        }

        return string.Join('\n', lines) + "\n";
    }

    private static IEnumerable<string> Lines(GpuState gpu)
    {
        var address = gpu
            .PciAddress?.Split(':', '.')
            .Select(p => long.Parse(p, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .ToArray();
        var capability = gpu.ComputeCapability?.Split('.').Select(p => long.Parse(p, CultureInfo.InvariantCulture)).ToArray();
        (string Question, long?[] Values)[] numbers =
        [
            ("nvmlDeviceGetMinorNumber", [gpu.Minor]),
            ("nvmlDeviceGetPciInfo_v3", [address?[0], address?[1], address?[2]]),
            ("nvmlDeviceGetCudaComputeCapability", [capability?[0], capability?[1]]),
            ("nvmlDeviceGetMemoryInfo_v2", [gpu.MemoryTotalBytes, 0, gpu.MemoryTotalBytes - gpu.MemoryUsedBytes, gpu.MemoryUsedBytes]),
            ("nvmlDeviceGetEccMode", [Number(gpu.EccEnabled), Number(gpu.EccPending)]),
            ("nvmlDeviceGetTotalEccErrors/1/0", [gpu.EccUncorrected]),
            ("nvmlDeviceGetTotalEccErrors/0/0", [gpu.EccCorrected]),
            ("nvmlDeviceGetTotalEccErrors/1/1", [gpu.EccUncorrectedLifetime]),
            (
                "nvmlDeviceGetRemappedRows",
                [
                    gpu.RemappedRows?.Correctable,
                    gpu.RemappedRows?.Uncorrectable,
                    Number(gpu.RemappedRows?.Pending),
                    Number(gpu.RemappedRows?.Failed),
                ]
            ),
            ("nvmlDeviceGetClockInfo/1", [gpu.SmClockMegahertz]),
            ("nvmlDeviceGetClockInfo/2", [gpu.MemoryClockMegahertz]),
            ("nvmlDeviceGetMaxClockInfo/1", [gpu.SmClockMaxMegahertz]),
            ("nvmlDeviceGetMaxClockInfo/2", [gpu.MemoryClockMaxMegahertz]),
            ("nvmlDeviceGetCurrentClocksEventReasons", [(long?)gpu.ClockReasons]),
            ("nvmlDeviceGetPowerUsage", [Milliwatts(gpu.PowerWatts)]),
            ("nvmlDeviceGetEnforcedPowerLimit", [Milliwatts(gpu.PowerLimitWatts)]),
            ("nvmlDeviceGetPowerManagementDefaultLimit", [Milliwatts(gpu.PowerDefaultLimitWatts)]),
            ("nvmlDeviceGetTemperature/0", [gpu.TemperatureCelsius]),
            ("nvmlDeviceGetUtilizationRates", [gpu.UtilisationPercent, 0]),
            ("nvmlDeviceGetPersistenceMode", [Number(gpu.PersistenceMode)]),
            ("nvmlDeviceGetComputeMode", [gpu.ComputeMode]),
            ("nvmlDeviceGetMigMode", [Number(gpu.MigEnabled), Number(gpu.MigPending)]),
            ("nvmlDeviceGetCurrPcieLinkGeneration", [gpu.PcieGeneration]),
            ("nvmlDeviceGetMaxPcieLinkGeneration", [gpu.PcieGenerationMax]),
            ("nvmlDeviceGetCurrPcieLinkWidth", [gpu.PcieWidth]),
            ("nvmlDeviceGetMaxPcieLinkWidth", [gpu.PcieWidthMax]),
            ("nvmlDeviceGetPcieReplayCounter", [gpu.PcieReplays]),
            ("nvmlDeviceGetGpuFabricInfoV", [gpu.FabricState, gpu.FabricStatus]),
            .. Enumerable
                .Range(0, gpu.NvLinks ?? 0)
                .Select(link => ($"nvmlDeviceGetNvLinkState/{link}", (long?[])[link < gpu.NvLinksActive ? 1 : 0])),
            ("nvmlDeviceGetMaxMigDeviceCount", [gpu.MigDevices.Count > 0 ? 7 : null]),
        ];
        // The first answer in the file counts: a fault stands in front of the value of the question that meets it.
        foreach (var fault in gpu.Faults)
        {
            yield return $"{gpu.Index}/nvmlDeviceGetPersistenceMode {(int)fault}";
        }

        if (gpu.Name is { } name)
        {
            yield return $"{gpu.Index}/nvmlDeviceGetName 0 {name}";
        }

        if (gpu.Uuid is { } uuid)
        {
            yield return $"{gpu.Index}/nvmlDeviceGetUUID 0 {uuid}";
        }

        foreach (var (question, values) in numbers.Where(n => n.Values.All(v => v is not null)))
        {
            yield return $"{gpu.Index}/{question} 0 {string.Join(' ', values)}";
        }

        if (gpu.Processes is { } processes)
        {
            yield return $"{gpu.Index}/nvmlDeviceGetComputeRunningProcesses_v3 0 {processes.Count} "
                + string.Join(' ', processes.Select(p => $"{p.Pid} {(p.MemoryBytes is { } bytes ? (ulong)bytes : ulong.MaxValue)}"));
        }

        foreach (var mig in gpu.MigDevices)
        {
            var device = 1000 * (1 + gpu.Index) + mig.Index;
            yield return $"{device}/nvmlDeviceGetUUID 0 {mig.Uuid}";
            yield return $"{device}/nvmlDeviceGetGpuInstanceId 0 {mig.GpuInstance}";
            yield return $"{device}/nvmlDeviceGetComputeInstanceId 0 {mig.ComputeInstance}";
            if (mig.Multiprocessors is { } processors)
            {
                yield return $"{device}/nvmlDeviceGetAttributes_v2 0 {processors} {(mig.MemoryBytes ?? 0) >> 20}";
            }
        }
    }

    private static long? Number(bool? value) =>
        value is { } known
            ? known
                ? 1
                : 0
            : null;

    private static long? Milliwatts(double? watts) => watts is { } known ? (long)Math.Round(known * 1000) : null;
}
