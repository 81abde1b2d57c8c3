namespace Torchyard.Jobs.Script;

/// <summary>What a batch script says.</summary>
public sealed record JobScript
{
    /// <summary>Name of the job.</summary>
    public required string Name { get; init; }

    /// <summary>The image as nodes find it in their stores: its digest, or its name where the digest is not known.</summary>
    public required string Image { get; init; }

    /// <summary>The image's name; nodes pull it when it is one of a registry.</summary>
    public required string ImageName { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Path of this program on the nodes.</summary>
    public required string Program { get; init; }

    /// <summary>Directory of the store on the nodes; null for that of the user there.</summary>
    public string? Store { get; init; }

    /// <summary>How many nodes.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>GPUs of a node as Slurm has them: <c>4</c>, <c>h100:4</c>; null for none.</summary>
    public string? GpusPerNode { get; init; }

    /// <summary>Ranks of a node; null for one for each GPU, or one.</summary>
    public int? RanksPerNode { get; init; }

    /// <summary>Time limit in Slurm's form; null for the partition's.</summary>
    public string? Time { get; init; }

    /// <summary>Partition; null for the cluster's default.</summary>
    public string? Partition { get; init; }

    /// <summary>Tasks of an array, such as <c>1-20%4</c>; null for none.</summary>
    public string? Array { get; init; }

    /// <summary>Jobs that must have ended well before.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>File of the log, with Slurm's patterns; null for that of the name.</summary>
    public string? Output { get; init; }

    /// <summary>Further options of sbatch, as they are.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Options of <c>torchyard run</c>.</summary>
    public IReadOnlyList<string> RunOptions { get; init; } = [];

    /// <summary>How ranks are started.</summary>
    public JobLaunch Launch { get; init; }

    /// <summary>How often the program is started again after it failed.</summary>
    public int MaxRestarts { get; init; }

    /// <summary>Seconds before the time limit at which the program is warned; 0 for never.</summary>
    public int WarnBefore { get; init; } = 120;

    /// <summary>Whether the job is started again after its time, a preemption or the loss of a node.</summary>
    public bool Requeue { get; init; } = true;
}
