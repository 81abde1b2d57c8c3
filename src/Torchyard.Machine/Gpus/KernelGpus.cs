using Torchyard.Machine.Files;
using Torchyard.Machine.Nvml;

namespace Torchyard.Machine.Gpus;

/// <summary>
/// Which GPUs there are, from <c>/proc/driver/nvidia/gpus/*/information</c>: the kernel module's own answer, in a millisecond. NVML
/// takes 20 ms and more for its start, times the number of GPUs, and a start of a container that gets all GPUs needs nothing else of it.
/// </summary>
internal static class KernelGpus
{
    /// <summary>
    /// The GPUs in NVML's order; null where only NVML knows: a GPU that is cut up by MIG, one without a node (of another container or
    /// job, perhaps), or a module that does not tell the UUID.
    /// </summary>
    public static GpuSnapshot? Read(MachineFiles files)
    {
        var gpus = new List<GpuState>();
        // Named by PCI address, so their order is that of the bus, which is NVML's.
        foreach (var address in files.List("/proc/driver/nvidia/gpus"))
        {
            var lines = files.ReadLines($"/proc/driver/nvidia/gpus/{address}/information");
            if (
                Value(lines, "GPU UUID") is not { } uuid
                || !IsUuid(uuid)
                || !int.TryParse(Value(lines, "Device Minor"), out var minor)
                || Value(lines, "GPU Excluded") is "Yes"
                || !files.Exists($"/dev/nvidia{minor}")
                || files.List($"/proc/driver/nvidia/capabilities/gpu{minor}/mig").Any(n => n.StartsWith("gi", StringComparison.Ordinal))
            )
            {
                return null;
            }

            gpus.Add(
                new GpuState
                {
                    Index = gpus.Count,
                    Uuid = uuid,
                    Minor = minor,
                    PciAddress = address,
                    Name = Value(lines, "Model"),
                }
            );
        }

        return gpus.Count == 0
            ? null
            : new GpuSnapshot
            {
                Status = NvmlReturn.Success,
                Gpus = gpus,
                Library = null,
                DriverVersion = KernelModule.Version(files),
            };
    }

    private static string? Value(string[] lines, string key) =>
        lines
            .Where(l => l.StartsWith(key, StringComparison.Ordinal) && l.Length > key.Length && l[key.Length] == ':')
            .Select(l => l[(key.Length + 1)..].Trim())
            .FirstOrDefault();

    /// <summary>Until the GPU was first used the module may write question marks.</summary>
    private static bool IsUuid(string text) =>
        text.StartsWith("GPU-", StringComparison.Ordinal) && Guid.TryParseExact(text.AsSpan(4), "D", out _);
}
