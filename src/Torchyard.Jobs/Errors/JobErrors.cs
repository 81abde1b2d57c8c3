using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Jobs.Errors;

/// <summary>The failures that jobs expect; each has a row in docs/errors/jobs.md.</summary>
public static class JobErrors
{
    /// <summary>A text that no line of sbatch can hold.</summary>
    public static TorchyardException BadDirective(string text) =>
        new("TY7001", $"'{VisibleText.Of(text)}' cannot stand in a line of sbatch", "leave out quotes, backslashes and line breaks")
        {
            IsUsage = true,
        };

    /// <summary>A time that Slurm does not read.</summary>
    public static TorchyardException BadTime(string text) =>
        new(
            "TY7001",
            $"--time '{VisibleText.Of(text)}' is not a time of Slurm",
            "write minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS, such as 8:00:00"
        )
        {
            IsUsage = true,
        };

    /// <summary>GPUs a node that are not a number.</summary>
    public static TorchyardException BadGpus(string text) =>
        new(
            "TY7001",
            $"--gpus-per-node '{VisibleText.Of(text)}' is not a number of GPUs",
            "write a number, or TYPE:NUMBER, such as 4 or h100:4"
        )
        {
            IsUsage = true,
        };

    /// <summary>A program of Slurm that is not here.</summary>
    public static TorchyardException NoSlurm(string program) =>
        new(
            "TY7002",
            $"{program} is not on this machine: jobs are submitted where Slurm is",
            "log in to a node of the cluster, or load its module; 'torchyard submit --print' works everywhere"
        );

    /// <summary>Slurm says no.</summary>
    public static TorchyardException Refused(string what, string answer) =>
        new("TY7003", $"Slurm refuses {what}: {Shown(answer)}", "correct what it names; 'sinfo' shows what the cluster has");

    /// <summary>A partition that the cluster does not have.</summary>
    public static TorchyardException NoPartition(string name, IReadOnlyList<string> there) =>
        new("TY7004", $"the cluster does not have the partition '{VisibleText.Of(name)}'", $"name one of: {string.Join(", ", there)}")
        {
            IsUsage = true,
        };

    /// <summary>A job that never fits.</summary>
    public static TorchyardException DoesNotFit(string message, string cure) => new("TY7005", message, cure) { IsUsage = true };

    /// <summary>A job that Slurm does not know.</summary>
    public static TorchyardException NoJob(string id) =>
        new(JobCodes.NoJob, $"Slurm does not know the job {VisibleText.Of(id)} (any more)", "run 'torchyard jobs' for those that it knows");

    /// <summary>A text that is not the id of a job.</summary>
    public static TorchyardException BadId(string id) =>
        new(JobCodes.NoJob, $"'{VisibleText.Of(id)}' is not the id of a job", "write its number, or ARRAY_TASK, such as 4711 or 4711_3")
        {
            IsUsage = true,
        };

    /// <summary>A job without a log that can be read.</summary>
    public static TorchyardException NoLog(string id, string why) =>
        new("TY7007", $"job {id} does not have a log to read: {why}", $"run 'torchyard jobs show {id}' for its state and its reason");

    /// <summary>A job that does not run.</summary>
    public static TorchyardException NotRunning(string id, string state) =>
        new("TY7008", $"job {id} does not run: it is {state}", $"run 'torchyard jobs show {id}' for its reason");

    /// <summary>A node that a job does not run on.</summary>
    public static TorchyardException NotOnNode(string id, string node, IReadOnlyList<string> there) =>
        new("TY7008", $"job {id} does not run on '{VisibleText.Of(node)}'", $"name one of: {string.Join(", ", there)}") { IsUsage = true };

    /// <summary>A path that the nodes do not see.</summary>
    public static TorchyardException OutOfSight(string path, string why) =>
        new("TY7009", $"nodes do not see {path}: {why}", "move it to a file system that all nodes have") { IsUsage = true };

    private static string Shown(string text) => VisibleText.Of(text.Trim().ReplaceLineEndings(" "));
}
