using System.Globalization;

namespace Torchyard.Jobs.Slurm;

/// <summary>A partition of the cluster.</summary>
public sealed record Partition
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>True for that of jobs that name none.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>UP, DOWN, DRAIN or INACTIVE.</summary>
    public required string State { get; init; }

    /// <summary>The longest time of a job; null for no limit.</summary>
    public required TimeSpan? MaxTime { get; init; }

    /// <summary>The most nodes that a job may have.</summary>
    public required int MaxNodes { get; init; }

    /// <summary>GPUs of a node: type (empty for any) and number, for each kind of node.</summary>
    public IReadOnlyList<NodeGpus> Gpus { get; init; } = [];

    /// <summary>Reads what <c>scontrol --oneliner show partition</c> and <c>sinfo -h -o %R|%G</c> print.</summary>
    public static IReadOnlyList<Partition> Read(string partitions, string gres)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        ArgumentNullException.ThrowIfNull(gres);
        var gpus = gres.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('|', 2))
            .Where(parts => parts.Length == 2)
            .ToLookup(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        return
        [
            .. partitions
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(SlurmFields.Parse)
                .Where(fields => fields.ContainsKey("PartitionName"))
                .Select(fields => new Partition
                {
                    Name = fields["PartitionName"],
                    IsDefault = fields.GetValueOrDefault("Default") == "YES",
                    State = fields.GetValueOrDefault("State", "UP"),
                    MaxTime = SlurmTime.Parse(fields.GetValueOrDefault("MaxTime", "")),
                    MaxNodes = Math.Min(Number(fields, "MaxNodes"), Number(fields, "TotalNodes")),
                    Gpus = [.. gpus[fields["PartitionName"]].SelectMany(NodeGpus.Read)],
                }),
        ];
    }

    private static int Number(IReadOnlyDictionary<string, string> fields, string key) =>
        int.TryParse(fields.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : int.MaxValue;
}
