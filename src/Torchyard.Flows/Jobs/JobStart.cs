using Torchyard.Jobs.Logs;

namespace Torchyard.Flows.Jobs;

/// <summary>A start of the program of a job, and why it was.</summary>
/// <param name="Time">When.</param>
/// <param name="Reason">submitted, failure, time-limit, preempted, or slurm where Slurm alone knows: a lost node, or a person.</param>
/// <param name="Text">More words; empty for none.</param>
internal sealed record JobStart(string Time, string Reason, string Text)
{
    /// <summary>Reads them from a log's events.</summary>
    public static IReadOnlyList<JobStart> Of(IReadOnlyList<JobEvent> events)
    {
        var starts = new List<JobStart>();
        JobEvent? requeued = null;
        foreach (var found in events)
        {
            switch (found.What)
            {
                case "requeued":
                    requeued = found;
                    break;
                case "restarted":
                    starts.Add(
                        new JobStart(
                            found.Time,
                            found.Values.GetValueOrDefault("reason", "failure"),
                            $"restart {found.Values.GetValueOrDefault("number")} of {found.Values.GetValueOrDefault("of")} after "
                                + $"{found.Values.GetValueOrDefault("pause")}, status {found.Values.GetValueOrDefault("status")}"
                        )
                    );
                    break;
                case "started" when found.Values.GetValueOrDefault("attempt", "0") == "0":
                    starts.Add(new JobStart(found.Time, "submitted", ""));
                    break;
                case "started":
                    starts.Add(
                        requeued is null
                            ? new JobStart(found.Time, "slurm", "a node was lost, or somebody requeued it")
                            : new JobStart(found.Time, requeued.Values.GetValueOrDefault("reason", "slurm"), "")
                    );
                    requeued = null;
                    break;
            }
        }

        return starts;
    }
}
