using System.Globalization;
using Torchyard.Containers.Machine;
using Torchyard.Containers.Requests;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Cgroups;

/// <summary>One limit as the kernel takes it.</summary>
/// <param name="Option">The option that sets it, e.g. <c>--memory</c>.</param>
/// <param name="Text">The limit for people, e.g. <c>memory 8 GiB</c>.</param>
/// <param name="Controller">cgroup controller.</param>
/// <param name="Writes">Files and values, in order. A file with a leading <c>?</c> may be missing.</param>
/// <param name="Asked">True when the user named it, false for a default from the machine.</param>
internal sealed record CgroupLimit(
    string Option, string Text, string Controller, IReadOnlyList<(string File, string Value)> Writes, bool Asked)
{
    private const long CpuPeriod = 100_000;

    /// <summary>The limits of a container for a cgroup layout (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/).</summary>
    /// <param name="limits">Limits with the defaults filled in.</param>
    /// <param name="asked">What the user named.</param>
    /// <param name="version2">True for cgroup2.</param>
    public static IReadOnlyList<CgroupLimit> For(EffectiveLimits limits, ContainerLimits asked, bool version2)
    {
        var memory = limits.Memory.ToString(CultureInfo.InvariantCulture);
        var quota = ((long)(limits.Cpus * CpuPeriod)).ToString(CultureInfo.InvariantCulture);
        var processes = limits.Processes.ToString(CultureInfo.InvariantCulture);
        var result = new List<CgroupLimit>
        {
            new(
                "--memory",
                "memory " + ByteSize.Binary(limits.Memory),
                "memory",
                // No swap beyond the limit: a training job that swaps is slower than one that is told to use less.
                version2
                    ? [("memory.max", memory), ("?memory.swap.max", "0")]
                    : [("memory.limit_in_bytes", memory), ("?memory.memsw.limit_in_bytes", memory)],
                asked.Memory is not null),
            new(
                "--cpus",
                string.Create(CultureInfo.InvariantCulture, $"{limits.Cpus:0.##} CPUs"),
                "cpu",
                version2
                    ? [("cpu.max", $"{quota} {CpuPeriod}")]
                    : [("cpu.cfs_period_us", CpuPeriod.ToString(CultureInfo.InvariantCulture)), ("cpu.cfs_quota_us", quota)],
                asked.Cpus is not null),
            new("--pids-limit", $"{processes} processes", "pids", [("pids.max", processes)], asked.Processes is not null),
        };
        if (limits.CpusetCpus is { } cpus)
        {
            result.Add(new CgroupLimit("--cpuset-cpus", "CPUs " + cpus, "cpuset", [("cpuset.cpus", cpus)], Asked: true));
        }

        return result;
    }
}

/// <summary>The limits of a container with the machine's defaults filled in.</summary>
public sealed record EffectiveLimits
{
    /// <summary>Memory in bytes.</summary>
    public required long Memory { get; init; }

    /// <summary>CPUs.</summary>
    public required double Cpus { get; init; }

    /// <summary>CPU list, or null for all.</summary>
    public string? CpusetCpus { get; init; }

    /// <summary>Size of /dev/shm in bytes.</summary>
    public required long SharedMemory { get; init; }

    /// <summary>Most processes and threads.</summary>
    public required long Processes { get; init; }

    /// <summary>What the user named, else what the machine gives.</summary>
    public static EffectiveLimits From(ContainerLimits asked, MachineResources machine)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(machine);
        var memory = asked.Memory ?? machine.DefaultMemory;
        return new EffectiveLimits
        {
            Memory = memory,
            Cpus = asked.Cpus ?? machine.DefaultCpus,
            CpusetCpus = asked.CpusetCpus,
            SharedMemory = asked.SharedMemory ?? memory / 2,
            Processes = asked.Processes ?? 32768,
        };
    }

    /// <summary>One line for people: <c>memory 20 GiB, 1.9 CPUs, /dev/shm 10 GiB, 32768 processes</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"memory {ByteSize.Binary(Memory)}, {Cpus:0.##} CPUs{(CpusetCpus is null ? "" : $" ({CpusetCpus})")}, /dev/shm {ByteSize.Binary(SharedMemory)}, {Processes} processes");
}
