using System.Globalization;
using Torchyard.Jobs.Logs;

namespace Torchyard.Commands;

/// <summary>How people read what failed in a job.</summary>
internal static class JobText
{
    /// <summary>One line.</summary>
    public static string Of(JobFailure failure)
    {
        var who = failure.Rank is { } rank ? string.Create(CultureInfo.InvariantCulture, $"rank {rank} on ") : "";
        return $"failed first: {who}{(failure.Node.Length > 0 ? failure.Node : "a node")}"
            + (failure.Status is { } status ? string.Create(CultureInfo.InvariantCulture, $", exit status {status}") : "")
            + (failure.Reason is { } reason ? $", {reason}" : "")
            + (failure.Time.Length > 0 ? $", at {failure.Time}" : "");
    }
}
