namespace Torchyard.Gpus.Fit.Detect;

/// <summary>What a machine shows of its NVIDIA GPUs and driver in <c>/proc</c> and <c>/sys</c>, without any tool and before a driver is installed.</summary>
/// <param name="Driver">Version of the loaded kernel driver, or null.</param>
/// <param name="DriverOrigin">File that said so, or null.</param>
/// <param name="Gpus">One entry a GPU, in the order of PCI addresses.</param>
/// <param name="Unknown">PCI ids of NVIDIA display devices that are not in the table.</param>
public sealed record MachineGpus(DottedVersion? Driver, string? DriverOrigin, IReadOnlyList<TargetGpu> Gpus, IReadOnlyList<string> Unknown)
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>
    /// Reads <c>/sys/module/nvidia/version</c>, then the <c>NVRM version</c> line of <c>/proc/driver/nvidia/version</c>, and the PCI
    /// devices of vendor 10de and class 03 (display controllers) below <c>/sys/bus/pci/devices</c>.
    /// </summary>
    /// <param name="root">Root of the file system, <c>/</c> but for tests.</param>
    /// <param name="tables">The facts.</param>
    public static MachineGpus Read(string root, FitTables tables)
    {
        DottedVersion? driver = null;
        string? origin = null;
        if (DottedVersion.TryParse(Text(root, "sys/module/nvidia/version"), out var version))
            (driver, origin) = (version, "/sys/module/nvidia/version");
        else if (FromProc(Text(root, "proc/driver/nvidia/version")) is { } found)
            (driver, origin) = (found, "/proc/driver/nvidia/version");

        var gpus = new List<TargetGpu>();
        var unknown = new List<string>();
        foreach (var device in Devices(root))
        {
            if (Text(device, "vendor") != "0x10de" || Text(device, "class")?.StartsWith("0x03", StringComparison.Ordinal) != true)
                continue;
            var id = Text(device, "device")?["0x".Length..] ?? "";
            if (tables.Devices.TryGetValue(id, out var row))
                gpus.Add(new TargetGpu(row.Name, row.Capability, row.Class, Brand(row)));
            else
                unknown.Add("10de:" + id);
        }

        return new MachineGpus(driver, origin, gpus, unknown);
    }

    // "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 ..." or "... Open Kernel Module for x86_64  580.95.05  Release Build ..."
    internal static DottedVersion? FromProc(string? text)
    {
        foreach (var line in (text ?? "").Split('\n'))
        {
            if (!line.StartsWith("NVRM version:", StringComparison.Ordinal))
                continue;
            foreach (var word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (word.Contains('.', StringComparison.Ordinal) && DottedVersion.TryParse(word, out var version) && version.Major >= 100)
                    return version;
            }
        }

        return null;
    }

    private static string Brand(PciDevice row) => row.Class switch
    {
        GpuClass.DataCentre => "tesla",
        GpuClass.Workstation => "nvidiartx",
        GpuClass.Consumer => row.Name.Contains("RTX", StringComparison.Ordinal) ? "geforcertx" : "geforce",
        _ => "unknown",
    };

    private static string[] Devices(string root)
    {
        var directory = Path.Combine(root, "sys/bus/pci/devices");
        try
        {
            var devices = Directory.GetDirectories(directory);
            Array.Sort(devices, StringComparer.Ordinal);
            return devices;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? Text(string root, string path)
    {
        try
        {
            using var stream = new FileStream(Path.Combine(root, path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
            var buffer = new byte[4096];
            using var content = new MemoryStream();
            for (int read; content.Length < MaxBytes && (read = stream.Read(buffer)) > 0;)
                content.Write(buffer, 0, read);
            return System.Text.Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
