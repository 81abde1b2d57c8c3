using System.Globalization;

namespace Torchyard.Jobs.Slurm;

/// <summary>All that Slurm says of a job.</summary>
public sealed record KnownJob
{
    /// <summary>Its number.</summary>
    public required string Id { get; init; }

    /// <summary>ARRAY_TASK for one of an array; else the number.</summary>
    public required string ShownId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>PENDING, RUNNING, COMPLETED, FAILED, ...</summary>
    public required string State { get; init; }

    /// <summary>Why it waits, or how it ended; empty for nothing.</summary>
    public required string Reason { get; init; }

    /// <summary>Exit status of the script.</summary>
    public required int? ExitStatus { get; init; }

    /// <summary>How often Slurm has started it again.</summary>
    public required int Restarts { get; init; }

    /// <summary>Partition.</summary>
    public required string Partition { get; init; }

    /// <summary>Nodes that it has, such as <c>gn[1-2]</c>; empty for none.</summary>
    public required string NodeList { get; init; }

    /// <summary>How long it has run.</summary>
    public required string Elapsed { get; init; }

    /// <summary>Its limit.</summary>
    public required string TimeLimit { get; init; }

    /// <summary>When it began, or is thought to begin; null where Slurm does not know.</summary>
    public required string? Start { get; init; }

    /// <summary>File of its log; null where there is none.</summary>
    public required string? Log { get; init; }

    /// <summary>The image that 'torchyard submit' named in its comment; null for other jobs.</summary>
    public required string? Image { get; init; }

    /// <summary>True as long as it has nodes.</summary>
    public bool IsRunning => State is "RUNNING" or "COMPLETING" or "SUSPENDED";

    /// <summary>True as long as it may still write into its log.</summary>
    public bool IsOpen => IsRunning || State is "PENDING" or "CONFIGURING" or "REQUEUED" or "REQUEUE_HOLD" or "STAGE_OUT" or "SIGNALING";

    /// <summary>Reads what <c>scontrol --oneliner show job</c> prints.</summary>
    internal static IReadOnlyList<KnownJob> Read(string text) =>
        [
            .. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(SlurmFields.Parse)
                .Where(fields => fields.ContainsKey("JobId"))
                .Select(Of),
        ];

    private static KnownJob Of(IReadOnlyDictionary<string, string> fields)
    {
        var array = Value("ArrayJobId");
        var task = Value("ArrayTaskId");
        var comment = Value("Comment") ?? "";
        return new KnownJob
        {
            Id = fields["JobId"],
            ShownId = array is not null && task is not null ? $"{array}_{task}" : fields["JobId"],
            Name = Value("JobName") ?? "",
            State = Value("JobState") ?? "",
            Reason = Value("Reason") is { } reason and not "None" ? reason : "",
            ExitStatus = int.TryParse(Value("ExitCode")?.Split(':')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
                ? status
                : null,
            Restarts = int.TryParse(Value("Restarts"), NumberStyles.None, CultureInfo.InvariantCulture, out var restarts) ? restarts : 0,
            Partition = Value("Partition") ?? "",
            NodeList = Value("NodeList") ?? "",
            Elapsed = Value("RunTime") ?? "",
            TimeLimit = Value("TimeLimit") ?? "",
            Start = Value("StartTime") is { } start and not "Unknown" and not "N/A" ? start : null,
            Log = Value("StdOut"),
            Image = comment.StartsWith("torchyard:", StringComparison.Ordinal) ? comment["torchyard:".Length..] : null,
        };

        string? Value(string key) => fields.TryGetValue(key, out var value) && value is not ("" or "(null)") ? value : null;
    }
}
