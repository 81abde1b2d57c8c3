using System.Globalization;

namespace Torchyard.Reports.Doctor.Checks;

/// <summary>What training needs of the system: shared memory, open files, disk space, host memory, CPU clocks, NUMA.</summary>
internal sealed class SystemCheck(string storeRoot) : IMachineCheck
{
    private const long Gibibyte = 1L << 30;
    private const long EnoughFiles = 65_536;

    public IEnumerable<Finding> Run(MachineView machine)
    {
        yield return SharedMemory(machine);
        if (ProcessLimits.Soft(machine.Files, "Max open files") is { } files && files < 4096)
        {
            yield return new Finding
            {
                Id = "system.files",
                Area = "system",
                State = CheckState.Warn,
                Text = $"only {files} open files are allowed",
                Why = "DataLoader workers fail: Too many open files",
                Cure = $"ulimit -n {EnoughFiles}: LimitNOFILE in the service, or /etc/security/limits.d",
            };
        }

        if (ProcessLimits.Soft(machine.Files, "Max processes") is { } processes && processes < 2048)
        {
            yield return new Finding
            {
                Id = "system.processes",
                Area = "system",
                State = CheckState.Warn,
                Text = $"only {processes} processes are allowed",
                Why = "OpenMP and DataLoader workers fail to start",
                Cure = "ulimit -u unlimited",
            };
        }

        if (Disk(machine) is { } disk)
        {
            yield return disk;
        }

        if (
            machine.Files.ReadText("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") is "powersave"
            && !machine.Files.IsDirectory("/sys/devices/system/cpu/intel_pstate")
        )
        {
            yield return new Finding
            {
                Id = "system.governor",
                Area = "system",
                State = CheckState.Warn,
                Text = "the CPU governor is 'powersave'",
                Why = "kernels are launched more slowly, the data loader is slower",
                Cure = "cpupower frequency-set -g performance",
            };
        }

        if (
            machine.HasGpuHardware
            && machine.Files.ReadNumber("/proc/sys/kernel/numa_balancing") is > 0
            && machine.Files.List("/sys/devices/system/node").Count(n => n.StartsWith("node", StringComparison.Ordinal)) > 1
        )
        {
            yield return new Finding
            {
                Id = "system.numa",
                Area = "system",
                State = CheckState.Warn,
                Text = "automatic NUMA balancing is on",
                Why = "it moves pages under running copies and costs bandwidth",
                Cure = "sysctl -w kernel.numa_balancing=0",
            };
        }

        if (Memory(machine) is { } memory)
        {
            yield return memory;
        }
    }

    private static Finding SharedMemory(MachineView machine)
    {
        if (!machine.Files.IsDirectory("/dev/shm"))
        {
            return new Finding
            {
                Id = "system.shm",
                Area = "system",
                State = CheckState.Fail,
                Text = "/dev/shm does not exist",
                Why = "DataLoader workers and NCCL cannot share memory",
                Cure = "mount -t tmpfs -o size=50% tmpfs /dev/shm",
            };
        }

        if (machine.Files.Space("/dev/shm") is not var (_, total))
        {
            return new Finding
            {
                Id = "system.shm",
                Area = "system",
                State = CheckState.Unknown,
                Text = "the size of /dev/shm cannot be seen",
            };
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"/dev/shm has {total / (double)Gibibyte:0.##} GiB");
        if (total <= 64L << 20)
        {
            return new Finding
            {
                Id = "system.shm",
                Area = "system",
                State = CheckState.Fail,
                Text = text,
                Why = "the default of Docker: DataLoader workers die with 'Bus error', NCCL fails",
                Cure =
                    "start the container with --shm-size (torchyard gives half of the memory limit), or mount -o remount,size=50% /dev/shm",
            };
        }

        return total < Gibibyte
            ? new Finding
            {
                Id = "system.shm",
                Area = "system",
                State = CheckState.Warn,
                Text = text,
                Why = "few DataLoader workers with large batches fill it: Bus error",
                Cure = "mount -o remount,size=50% /dev/shm",
            }
            : new Finding
            {
                Id = "system.shm",
                Area = "system",
                State = CheckState.Ok,
                Text = text,
            };
    }

    private Finding? Disk(MachineView machine)
    {
        var place = storeRoot;
        while (!machine.Files.IsDirectory(place) && place.Length > 1)
        {
            place = Path.GetDirectoryName(place) ?? "/";
        }

        if (machine.Files.Space(place) is not var (free, total) || total == 0)
        {
            return null;
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{free / (double)Gibibyte:0} GiB free for the store ({storeRoot})");
        return free < 20 * Gibibyte
            ? new Finding
            {
                Id = "system.disk",
                Area = "system",
                State = CheckState.Warn,
                Text = text,
                Why = "a CUDA environment takes 5 to 15 GiB while it is built",
                Cure = "torchyard prune, or --store on a larger disk",
            }
            : new Finding
            {
                Id = "system.disk",
                Area = "system",
                State = CheckState.Ok,
                Text = text,
            };
    }

    private static Finding? Memory(MachineView machine)
    {
        var limit = machine.Files.ReadText("/sys/fs/cgroup/memory.max")
            ?? machine.Files.ReadText("/sys/fs/cgroup/memory/memory.limit_in_bytes");
        var total = machine
            .Files.ReadLines("/proc/meminfo")
            .FirstOrDefault(l => l.StartsWith("MemTotal:", StringComparison.Ordinal))
            ?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ElementAtOrDefault(1);
        if (!long.TryParse(total, out var kibibytes))
        {
            return null;
        }

        var bytes = kibibytes << 10;
        if (long.TryParse(limit, out var cgroup) && cgroup < bytes)
        {
            bytes = cgroup;
        }

        var device = machine.Gpus.Gpus.Sum(g => g.MemoryTotalBytes ?? 0);
        var text = string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)Gibibyte:0} GiB of host memory");
        return device > 0 && bytes < device / 2
            ? new Finding
            {
                Id = "system.memory",
                Area = "system",
                State = CheckState.Warn,
                Text = $"{text} for {device / Gibibyte} GiB of GPU memory",
                Why = "loading checkpoints and pinned buffers can run out of host memory",
                Cure = "use torch.load(mmap=True) and fewer workers; add memory",
            }
            : new Finding
            {
                Id = "system.memory",
                Area = "system",
                State = CheckState.Ok,
                Text = text,
            };
    }
}
