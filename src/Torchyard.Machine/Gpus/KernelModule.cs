using Torchyard.Machine.Files;

namespace Torchyard.Machine.Gpus;

/// <summary>The NVIDIA kernel module as <c>/proc/driver/nvidia</c> shows it.</summary>
internal static class KernelModule
{
    /// <summary>Version of the loaded module, e.g. <c>580.159.04</c>; null when none is loaded.</summary>
    public static string? Version(MachineFiles files)
    {
        if (files.ReadText("/sys/module/nvidia/version") is { Length: > 0 } version)
        {
            return version.Trim();
        }
        // NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (...)
        var line = files
            .ReadLines("/proc/driver/nvidia/version")
            .FirstOrDefault(l => l.StartsWith("NVRM version:", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(IsVersion);
    }

    /// <summary>Minor number of each GPU by PCI address, from <c>/proc/driver/nvidia/gpus/*/information</c>.</summary>
    public static IReadOnlyDictionary<string, int> Minors(MachineFiles files)
    {
        var minors = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var address in files.List("/proc/driver/nvidia/gpus"))
        {
            foreach (var line in files.ReadLines($"/proc/driver/nvidia/gpus/{address}/information"))
            {
                if (
                    line.StartsWith("Device Minor:", StringComparison.Ordinal)
                    && int.TryParse(line["Device Minor:".Length..].Trim(), out var minor)
                )
                {
                    minors[address] = minor;
                }
            }
        }

        return minors;
    }

    /// <summary>Major number of a character device driver in <c>/proc/devices</c>; null when it is not registered.</summary>
    public static int? Major(MachineFiles files, string driver)
    {
        foreach (var line in files.ReadLines("/proc/devices").TakeWhile(l => !l.StartsWith("Block", StringComparison.Ordinal)))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is [var number, var name] && name == driver && int.TryParse(number, out var major))
            {
                return major;
            }
        }

        return null;
    }

    private static bool IsVersion(string field)
    {
        var parts = field.Split('.');
        return parts.Length is 2 or 3 && parts.All(p => p.Length is > 0 and < 5 && p.All(char.IsAsciiDigit));
    }
}

/// <summary>GPUs on the PCI bus, seen without a driver.</summary>
internal static class PciBus
{
    private const string Nvidia = "0x10de";

    /// <summary>Addresses of NVIDIA's VGA (0x0300) and 3D (0x0302) controllers.</summary>
    public static IReadOnlyList<string> NvidiaGpus(MachineFiles files) =>
        [
            .. files
                .List("/sys/bus/pci/devices")
                .Where(address =>
                    files.ReadText($"/sys/bus/pci/devices/{address}/vendor") == Nvidia
                    && files.ReadText($"/sys/bus/pci/devices/{address}/class") is { } kind
                    && (kind.StartsWith("0x0300", StringComparison.Ordinal) || kind.StartsWith("0x0302", StringComparison.Ordinal))
                ),
        ];
}
