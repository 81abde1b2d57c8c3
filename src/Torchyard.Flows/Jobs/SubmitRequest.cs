namespace Torchyard.Flows.Jobs;

/// <summary>A job as the user asks for it.</summary>
internal sealed record SubmitRequest
{
    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Image of the store or of a registry; null for that of the directory's recipe.</summary>
    public string? Image { get; init; }

    /// <summary>Name of the job; null for the image's.</summary>
    public string? Name { get; init; }

    /// <summary>How many nodes.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>GPUs of a node, as Slurm has them.</summary>
    public string? GpusPerNode { get; init; }

    /// <summary>Ranks of a node; null for one for each GPU, or one.</summary>
    public int? RanksPerNode { get; init; }

    /// <summary>Time limit.</summary>
    public string? Time { get; init; }

    /// <summary>Partition.</summary>
    public string? Partition { get; init; }

    /// <summary>Tasks of an array.</summary>
    public string? Array { get; init; }

    /// <summary>Jobs that must have ended well before.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>File of the log.</summary>
    public string? Output { get; init; }

    /// <summary>Further options of sbatch.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Mounts beside that of the working directory, as <c>run --volume</c> has them.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Variables, as <c>run --env</c> has them.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    /// <summary>ranks, torchrun or node; null for what suits the program.</summary>
    public string? Launch { get; init; }

    /// <summary>How often the program is started again after it failed.</summary>
    public int MaxRestarts { get; init; }

    /// <summary>Seconds before the time limit at which the program is warned.</summary>
    public int WarnBefore { get; init; } = 120;

    /// <summary>Never start it again by itself.</summary>
    public bool NoRequeue { get; init; }

    /// <summary>Path of Torchyard on the nodes; null for the path that it has here.</summary>
    public string? Program { get; init; }
}
