using Torchyard.Jobs.Errors;
using Torchyard.Jobs.Script;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Jobs.Checks;

/// <summary>What can be known of a job before it waits in a queue.</summary>
public static class SubmissionChecks
{
    // /proc/mounts of file systems that no other machine has.
    private static readonly string[] OwnFileSystems = ["tmpfs", "devtmpfs", "ramfs", "proc", "sysfs"];

    /// <summary>Checks the words that need no cluster.</summary>
    /// <exception cref="TorchyardException">TY7001: a time or a number of GPUs is not one.</exception>
    public static void Words(JobScript job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.Time is { } time && SlurmTime.Parse(time) is null && !time.Equals("UNLIMITED", StringComparison.OrdinalIgnoreCase))
        {
            throw JobErrors.BadTime(time);
        }

        if (job.GpusPerNode is { } gpus && NodeGpus.Asked(gpus) is null)
        {
            throw JobErrors.BadGpus(gpus);
        }
    }

    /// <summary>Checks what the partition allows.</summary>
    /// <exception cref="TorchyardException">TY7004: there is no such partition; TY7005: the job never fits it.</exception>
    public static void Cluster(JobScript job, IReadOnlyList<Partition> partitions)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(partitions);
        // A list of partitions is a choice of Slurm's: it fits when one of them does.
        var usual = partitions.Where(partition => partition.IsDefault).Select(partition => partition.Name).Take(1);
        var names = job.Partition?.Split(',') ?? [.. usual];
        TorchyardException? obstacle = null;
        foreach (var name in names)
        {
            var partition = partitions.FirstOrDefault(known => known.Name == name)
                ?? throw JobErrors.NoPartition(name, [.. partitions.Select(known => known.Name)]);
            if (Obstacle(job, partition) is not { } found)
            {
                return;
            }

            obstacle ??= found;
        }

        if (obstacle is not null)
        {
            throw obstacle;
        }
    }

    /// <summary>Checks that a directory is not one that this machine alone has.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="mounts">Lines of /proc/mounts.</param>
    /// <param name="nodes">How many nodes must see it.</param>
    /// <exception cref="TorchyardException">TY7009: nodes cannot see it.</exception>
    public static void Visible(string path, IEnumerable<string> mounts, int nodes)
    {
        ArgumentNullException.ThrowIfNull(path);
        var mount = mounts
            .Select(line => line.Split(' '))
            .Where(parts => parts.Length > 2 && IsBelow(path, parts[1].Replace("\\040", " ", StringComparison.Ordinal)))
            .MaxBy(parts => parts[1].Length);
        if (nodes > 0 && mount is [_, var place, var kind, ..] && OwnFileSystems.Contains(kind, StringComparer.Ordinal))
        {
            throw JobErrors.OutOfSight(path, $"{place} is {kind}, which every machine has for itself");
        }
    }

    private static bool IsBelow(string path, string mount) =>
        mount == "/" || path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal);

    private static TorchyardException? Obstacle(JobScript job, Partition partition)
    {
        if (partition.State is "DOWN" or "INACTIVE")
        {
            return JobErrors.DoesNotFit(
                $"the partition '{partition.Name}' is {partition.State.ToLowerInvariant()}",
                "name another with --partition, or ask the administrator"
            );
        }

        if (job.Time is { } time && SlurmTime.Parse(time) is { } asked && partition.MaxTime is { } most && asked > most)
        {
            return JobErrors.DoesNotFit(
                $"--time {time} is longer than the partition '{partition.Name}' allows ({Duration.Of(most)})",
                $"ask for {(int)most.TotalMinutes} minutes or less: a job that is warned and writes a checkpoint goes on after it"
            );
        }

        if (job.Nodes > partition.MaxNodes)
        {
            return JobErrors.DoesNotFit(
                $"--nodes {job.Nodes} is more than the partition '{partition.Name}' gives to a job "
                    + $"({Count.Of(partition.MaxNodes, "node")})",
                "ask for fewer, or name another partition"
            );
        }

        if (job.GpusPerNode is { } words && NodeGpus.Asked(words) is { Number: > 0 } gpus)
        {
            var kinds = partition.Gpus.Where(kind => gpus.Type.Length == 0 || kind.Type == gpus.Type).ToList();
            if (kinds.Count == 0 || kinds.Max(kind => kind.Number) < gpus.Number)
            {
                var there = partition
                    .Gpus.Distinct()
                    .Select(kind => kind.Type.Length > 0 ? $"{kind.Type}:{kind.Number}" : $"{kind.Number}");
                return JobErrors.DoesNotFit(
                    $"no node of the partition '{partition.Name}' has --gpus-per-node {words}",
                    partition.Gpus.Count == 0
                        ? "name a partition with GPUs: 'sinfo -o \"%R %G\"' lists them"
                        : $"ask for what its nodes have: {string.Join(", ", there)}"
                );
            }
        }

        return null;
    }
}
