using System.Globalization;
using Torchyard.Containers.Requests;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Cgroups;

/// <summary>One limit as the kernel takes it.</summary>
internal sealed record CgroupLimit
{
    /// <summary>The option that sets it, e.g. <c>--memory</c>.</summary>
    public required string Option { get; init; }

    /// <summary>The limit for people, e.g. <c>memory 8 GiB</c>.</summary>
    public required string Text { get; init; }

    /// <summary>cgroup controller.</summary>
    public required string Controller { get; init; }

    /// <summary>Files and values, in order. A file with a leading <c>?</c> may be missing.</summary>
    public required IReadOnlyList<(string File, string Value)> Writes { get; init; }

    /// <summary>True when the user named it, false for a default from the machine.</summary>
    public required bool Asked { get; init; }

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
            new()
            {
                Option = "--memory",
                Text = "memory " + ByteSize.Binary(limits.Memory),
                Controller = "memory",
                // No swap beyond the limit: a training job that swaps is slower than one that is told to use less.
                Writes = version2
                    ? [("memory.max", memory), ("?memory.swap.max", "0")]
                    : [("memory.limit_in_bytes", memory), ("?memory.memsw.limit_in_bytes", memory)],
                Asked = asked.Memory is not null,
            },
            new()
            {
                Option = "--cpus",
                Text = string.Create(CultureInfo.InvariantCulture, $"{limits.Cpus:0.##} CPUs"),
                Controller = "cpu",
                Writes = version2
                    ? [("cpu.max", $"{quota} {CpuPeriod}")]
                    : [("cpu.cfs_period_us", CpuPeriod.ToString(CultureInfo.InvariantCulture)), ("cpu.cfs_quota_us", quota)],
                Asked = asked.Cpus is not null,
            },
            new()
            {
                Option = "--pids-limit",
                Text = Count.Of(limits.Processes, "process"),
                Controller = "pids",
                Writes = [("pids.max", processes)],
                Asked = asked.Processes is not null,
            },
        };
        if (limits.CpusetCpus is { } cpus)
        {
            result.Add(
                new CgroupLimit
                {
                    Option = "--cpuset-cpus",
                    Text = "CPUs " + cpus,
                    Controller = "cpuset",
                    Writes = [("cpuset.cpus", cpus)],
                    Asked = true,
                }
            );
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

    /// <summary>Those that promise more than the machine has, as sentences for people.</summary>
    public IReadOnlyList<string> Excesses(MachineResources machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        string?[] found =
        [
            Memory > machine.Memory
                ? $"the memory limit of {ByteSize.Binary(Memory)} is more than the {ByteSize.Binary(machine.Memory)} that there are: the "
                    + "machine runs out of memory first"
                : null,
            Cpus > machine.Cpus
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"the limit of {Cpus:0.##} CPUs is more than the {machine.Cpus} that there are"
                )
                : null,
        ];
        return [.. found.OfType<string>()];
    }

    /// <summary>One line for people: <c>memory 20 GiB, 1.9 CPUs, /dev/shm 10 GiB, 32768 processes</c>.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"memory {ByteSize.Binary(Memory)}, {Cpus:0.##} CPUs{(CpusetCpus is null ? "" : $" ({CpusetCpus})")}, /dev/shm "
                + $"{ByteSize.Binary(SharedMemory)}, {Count.Of(Processes, "process")}"
        );
}
