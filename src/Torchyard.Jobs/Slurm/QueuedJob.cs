namespace Torchyard.Jobs.Slurm;

/// <summary>A job as the queue shows it.</summary>
public sealed record QueuedJob
{
    // The name comes last: it alone may have a bar. All of these are as old as Slurm 14.
    internal const string Format = "%i|%T|%u|%P|%D|%b|%M|%l|%Q|%S|%R|%j";

    /// <summary>Its id; ARRAY_TASK or ARRAY_[TASKS] for those of an array.</summary>
    public required string Id { get; init; }

    /// <summary>PENDING, RUNNING, COMPLETING, ...</summary>
    public required string State { get; init; }

    /// <summary>Whose it is.</summary>
    public required string User { get; init; }

    /// <summary>Partition.</summary>
    public required string Partition { get; init; }

    /// <summary>How many nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>GPUs of each node, such as <c>gpu:h100:4</c>; empty for none.</summary>
    public required string Gpus { get; init; }

    /// <summary>How long it has run.</summary>
    public required string Elapsed { get; init; }

    /// <summary>Its limit.</summary>
    public required string TimeLimit { get; init; }

    /// <summary>When it began, or is thought to begin; null where Slurm does not know.</summary>
    public required string? Start { get; init; }

    /// <summary>Why it waits; empty where it runs.</summary>
    public required string Reason { get; init; }

    /// <summary>Nodes that it has, such as <c>gn[1-2]</c>.</summary>
    public required string NodeList { get; init; }

    /// <summary>Place among those that wait in its partition, by priority, from 1; null for one that runs.</summary>
    public int? Position { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Reads what <c>squeue</c> prints in <see cref="Format"/>.</summary>
    internal static IReadOnlyList<QueuedJob> Read(string text)
    {
        var jobs = new List<(QueuedJob Job, long Priority)>();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var parts = line.ToString().Split('|', 12);
            if (parts.Length < 12)
            {
                continue;
            }

            // %R is the reason in brackets, or the nodes.
            var waits = parts[10].StartsWith('(');
            jobs.Add(
                (
                    new QueuedJob
                    {
                        Id = parts[0],
                        State = parts[1],
                        User = parts[2],
                        Partition = parts[3],
                        Nodes = int.TryParse(parts[4], out var nodes) ? nodes : 0,
                        Gpus = parts[5] is "N/A" or "(null)" ? "" : parts[5].Replace("gres/", "", StringComparison.Ordinal),
                        Elapsed = parts[6],
                        TimeLimit = parts[7],
                        Start = parts[9] is "N/A" or "" ? null : parts[9],
                        Reason = waits ? parts[10].Trim('(', ')') : "",
                        NodeList = waits ? "" : parts[10],
                        Name = parts[11],
                    },
                    long.TryParse(parts[8], out var priority) ? priority : 0
                )
            );
        }

        var places = jobs.Where(entry => entry.Job.State == "PENDING")
            .GroupBy(entry => entry.Job.Partition, StringComparer.Ordinal)
            .SelectMany(group => group.OrderByDescending(entry => entry.Priority).Select((entry, index) => (entry.Job, Place: index + 1)))
            .ToDictionary(pair => (object)pair.Job, pair => pair.Place, ReferenceEqualityComparer.Instance);
        return [.. jobs.Select(entry => places.TryGetValue(entry.Job, out var place) ? entry.Job with { Position = place } : entry.Job)];
    }
}
