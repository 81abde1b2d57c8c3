using Torchyard.Fit.Data;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;

namespace Torchyard.Fit.Fleet;

/// <summary>
/// What a machine shows of its NVIDIA GPUs and driver: in <c>/proc</c> and <c>/sys</c>, before a driver is installed, and by NVML where it
/// answers.
/// </summary>
/// <param name="Driver">Version of the loaded kernel driver, or null.</param>
/// <param name="DriverOrigin">What said so, or null.</param>
/// <param name="Gpus">One entry a GPU.</param>
/// <param name="Unknown">NVIDIA display devices whose compute capability is not known.</param>
public sealed record MachineGpus(DottedVersion? Driver, string? DriverOrigin, IReadOnlyList<TargetGpu> Gpus, IReadOnlyList<string> Unknown)
{
    /// <summary>
    /// Reads <c>/sys/module/nvidia/version</c>, then the <c>NVRM version</c> line of <c>/proc/driver/nvidia/version</c>, and the PCI
    /// devices of vendor 10de and class 03 (display controllers) below <c>/sys/bus/pci/devices</c>. What NVML says of GPUs counts more:
    /// it knows products that are newer than the table, and machines that hide <c>/sys</c>.
    /// </summary>
    /// <param name="files">The machine's files.</param>
    /// <param name="nvml">What NVML said; <see cref="GpuSnapshot.None"/> when it was not asked.</param>
    /// <param name="tables">The facts.</param>
    public static MachineGpus Read(MachineFiles files, GpuSnapshot nvml, FitTables tables)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(nvml);
        ArgumentNullException.ThrowIfNull(tables);
        var (driver, origin) = Kernel(files, nvml);
        var found = new List<TargetGpu>();
        var unknown = new List<string>();
        foreach (var state in nvml.Gpus)
        {
            if (DottedVersion.TryParse(state.ComputeCapability, out var capability))
            {
                found.Add(FromNvml(state, capability, files, tables));
            }
        }

        if (found.Count > 0)
        {
            return new MachineGpus(driver, origin, found, unknown);
        }

        foreach (var address in files.List("/sys/bus/pci/devices"))
        {
            var device = $"/sys/bus/pci/devices/{address}";
            if (
                files.ReadText($"{device}/vendor") != "0x10de"
                || files.ReadText($"{device}/class")?.StartsWith("0x03", StringComparison.Ordinal) != true
            )
            {
                continue;
            }

            if (Device(device, files, tables) is { } row)
            {
                found.Add(GpuReader.Of(row, tables));
            }
            else
            {
                unknown.Add($"10de:{files.ReadText($"{device}/device")?.Replace("0x", "", StringComparison.Ordinal) ?? "?"} at {address}");
            }
        }

        return new MachineGpus(driver, origin, found, unknown);
    }

    // "NVRM version: NVIDIA UNIX x86_64 Kernel Module 535.183.01 Sun May 12 ..." or "... Open Kernel Module for x86_64 580.95.05 Release
    // Build ..."
    private static DottedVersion? FromProc(string? text)
    {
        foreach (var line in (text ?? "").Split('\n'))
        {
            if (!line.StartsWith("NVRM version:", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (word.Contains('.', StringComparison.Ordinal) && DottedVersion.TryParse(word, out var version) && version.Major >= 100)
                {
                    return version;
                }
            }
        }

        return null;
    }

    private static (DottedVersion? Driver, string? Origin) Kernel(MachineFiles files, GpuSnapshot nvml)
    {
        const string Module = "/sys/module/nvidia/version";
        const string Proc = "/proc/driver/nvidia/version";
        if (DottedVersion.TryParse(files.ReadText(Module), out var version))
        {
            return (version, Module);
        }

        if (FromProc(files.ReadText(Proc)) is { } found)
        {
            return (found, Proc);
        }

        return DottedVersion.TryParse(nvml.DriverVersion, out version) ? (version, "NVML") : (null, null);
    }

    private static TargetGpu FromNvml(GpuState state, DottedVersion capability, MachineFiles files, FitTables tables)
    {
        var name = state.Name ?? "a GPU";
        var row = state.PciAddress is { } address ? Device($"/sys/bus/pci/devices/{address}", files, tables) : null;
        var kind = tables.FindModel(name)?.Class ?? row?.Class ?? GpuClass.Unknown;
        return new TargetGpu(name, capability, kind, GpuReader.Brand(kind, name)) { Host = GpuReader.HostOf(capability, tables) };
    }

    private static PciDevice? Device(string directory, MachineFiles files, FitTables tables) =>
        files.ReadText($"{directory}/device") is ['0', 'x', .. var id] && tables.Devices.TryGetValue(id, out var row) ? row : null;
}
