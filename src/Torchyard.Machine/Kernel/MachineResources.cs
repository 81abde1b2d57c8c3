using System.Globalization;

namespace Torchyard.Machine.Kernel;

/// <summary>Memory and CPUs that this process may use.</summary>
/// <param name="Memory">Bytes of memory: the machine's, or the limit of the caller's own cgroup when that is less.</param>
/// <param name="Cpus">CPUs in the caller's affinity mask.</param>
public sealed record MachineResources(long Memory, int Cpus)
{
    /// <summary>Reads this machine.</summary>
    public static MachineResources Detect()
    {
        var memory = MemoryTotal(File.ReadLines("/proc/meminfo"));
        return new MachineResources(Math.Min(memory, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes), Environment.ProcessorCount);
    }

    /// <summary>
    /// Default memory limit: all but a tenth, which is at least 512 MiB and at most 16 GiB, so that the system stays alive.
    /// </summary>
    public long DefaultMemory => Math.Max(Memory / 2, Memory - Math.Clamp(Memory / 10, 512L << 20, 16L << 30));

    /// <summary>Default CPUs: all but a twentieth, at least a tenth of a CPU and at most two.</summary>
    public double DefaultCpus => Math.Round(Cpus - Math.Clamp(Cpus / 20.0, 0.1, 2), 2);

    private static long MemoryTotal(IEnumerable<string> meminfo)
    {
        foreach (var line in meminfo)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is ["MemTotal:", var kibibytes, ..])
            {
                return long.Parse(kibibytes, CultureInfo.InvariantCulture) << 10;
            }
        }

        return long.MaxValue;
    }
}
