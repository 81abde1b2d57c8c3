using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Jobs;
using Torchyard.Jobs.Logs;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard jobs</c>: jobs of a Slurm cluster.</summary>
internal sealed partial class JobsCommand : Verb
{
    private const string ShowAction = "show";
    private const string CleanAction = "cleanup";

    private readonly Option<bool> _all = new("--all", "-a") { Description = "Those of all users" };
    private readonly Argument<string?> _action = new("ACTION")
    {
        Description = "'show' or 'cleanup' (default: list the queue)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Argument<string?> _job = new("JOB") { Description = "Its id", Arity = ArgumentArity.ZeroOrOne };

    public JobsCommand()
        : base("jobs", VerbGroup.Jobs, "List jobs of the cluster, and show why one waits or failed")
    {
        _action.AcceptOnlyFromAmong(ShowAction, CleanAction);
        Options.Add(_all);
        Options.Add(GlobalOptions.Json);
        Arguments.Add(_action);
        Arguments.Add(_job);
        Details = """
            'jobs show' begins with the rank that failed first, where it ran and what it printed last;
            then it has each start of the job with its reason.

            'jobs cleanup' removes what a job has left on this node. It is for the epilog of the cluster:
            nothing happens when there is nothing.
            """;
        Examples =
        [
            new("torchyard jobs", "your jobs, with their place in the queue"),
            new("torchyard jobs show 4711", "one of them"),
            new("torchyard jobs cleanup 4711", "in an epilog, with $SLURM_JOB_ID"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var slurm = new SlurmClient();
        var flow = new JobsFlow(invocation.Host, slurm);
        switch (invocation.Get(_action), invocation.Get(_job))
        {
            case (null, _):
                List(invocation, await slurm.QueueAsync(invocation.Get(_all), cancellation));
                break;
            case (ShowAction, { } id):
                Show(invocation, await flow.ShowAsync(id, cancellation));
                break;
            case (CleanAction, { } id):
                invocation.Answer([.. await flow.CleanUpAsync(id, cancellation)], JobsJson.Default.StringArray, names =>
                    Array.ForEach(names, name => invocation.Screen.Line(name))
                );
                break;
            case var (action, _):
                throw new TorchyardException("TY9001", $"'torchyard jobs {action}' needs JOB", "write its id; 'torchyard jobs' lists them")
                {
                    IsUsage = true,
                };
        }

        return ExitCode.Done;
    }

    private static void List(Invocation invocation, IReadOnlyList<QueuedJob> jobs) =>
        invocation.Answer([.. jobs], JobsJson.Default.QueuedJobArray, _ =>
            invocation.Screen.Table(
                [
                    new("JOB", Whole: true),
                    new("NAME"),
                    new("STATE"),
                    new("NODES", Right: true),
                    new("GPUS", Drop: 3),
                    new("TIME", Right: true),
                    new("LIMIT", Right: true, Drop: 1),
                    new("USER", Drop: 2),
                    new("WHERE OR WHY"),
                ],
                [
                    .. jobs.Select(job =>
                        (IReadOnlyList<string>)
                            [
                                job.Id,
                                job.Name,
                                job.State.ToLowerInvariant(),
                                job.Nodes.ToString(CultureInfo.InvariantCulture),
                                job.Gpus.Length > 0 ? job.Gpus : "-",
                                job.Elapsed,
                                job.TimeLimit,
                                job.User,
                                job.Position is { } place
                                    ? string.Create(CultureInfo.InvariantCulture, $"{place}. of {job.Partition}: {job.Reason}")
                                    : job.NodeList,
                            ]
                    ),
                ]
            )
        );

    private static void Show(Invocation invocation, IReadOnlyList<JobView> jobs) =>
        invocation.Answer([.. jobs.Select(Row.Of)], JobsJson.Default.RowArray, rows =>
        {
            foreach (var row in rows)
            {
                if (row.Failure is { } failure)
                {
                    invocation.Screen.Line(JobText.Of(failure));
                    foreach (var line in failure.LastLines)
                    {
                        invocation.Screen.Line("  " + line);
                    }

                    invocation.Screen.Line();
                }

                invocation.Screen.Panel($"job {row.Job}", Rows(row));
            }
        });

    private static List<PanelRow> Rows(Row row)
    {
        List<PanelRow> rows =
        [
            new("name", row.Name),
            new("state", row.State.ToLowerInvariant() + (row.Reason.Length > 0 ? $" ({row.Reason})" : "")),
            new("nodes", row.NodeList.Length > 0 ? row.NodeList : "-"),
            new("time", $"{row.Elapsed} of {row.TimeLimit}"),
            new("image", row.Image ?? "-"),
            new("log", row.Log ?? "-"),
        ];
        rows.AddRange(
            row.Starts.Select(start => new PanelRow(
                "start",
                $"{start.Time} {start.Reason}" + (start.Text.Length > 0 ? $": {start.Text}" : "")
            ))
        );
        return rows;
    }

    internal sealed record Row
    {
        public required string Job { get; init; }
        public required string Name { get; init; }
        public required string State { get; init; }
        public required string Reason { get; init; }
        public required int? ExitStatus { get; init; }
        public required int Restarts { get; init; }
        public required string Partition { get; init; }
        public required string NodeList { get; init; }
        public required string Elapsed { get; init; }
        public required string TimeLimit { get; init; }
        public required string? Start { get; init; }
        public required string? Image { get; init; }
        public required string? Log { get; init; }
        public required JobFailure? Failure { get; init; }
        public required IReadOnlyList<JobStart> Starts { get; init; }

        public static Row Of(JobView view) =>
            new()
            {
                Job = view.Job.ShownId,
                Name = view.Job.Name,
                State = view.Job.State,
                Reason = view.Job.Reason,
                ExitStatus = view.Job.ExitStatus,
                Restarts = view.Job.Restarts,
                Partition = view.Job.Partition,
                NodeList = view.Job.NodeList,
                Elapsed = view.Job.Elapsed,
                TimeLimit = view.Job.TimeLimit,
                Start = view.Job.Start,
                Image = view.Job.Image,
                Log = view.Job.Log,
                Failure = view.Log?.Failure,
                Starts = view.Starts,
            };
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(QueuedJob[]))]
    [JsonSerializable(typeof(Row[]))]
    [JsonSerializable(typeof(string[]))]
    internal sealed partial class JobsJson : JsonSerializerContext;
}
