using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Jobs.Errors;

/// <summary>The failures that jobs expect; each has a row in docs/errors/jobs.md.</summary>
public static class JobErrors
{
    public static TorchyardException BadDirective(string text) =>
        new("TY7001", $"'{VisibleText.Of(text)}' cannot stand in a line of sbatch", "leave out quotes, backslashes and line breaks")
        {
            IsUsage = true,
        };

    public static TorchyardException BadTime(string text) =>
        new(
            "TY7001",
            $"--time '{VisibleText.Of(text)}' is not a time of Slurm",
            "write minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS, such as 8:00:00"
        )
        {
            IsUsage = true,
        };

    public static TorchyardException BadGpus(string text) =>
        new(
            "TY7001",
            $"--gpus-per-node '{VisibleText.Of(text)}' is not a number of GPUs",
            "write a number, or TYPE:NUMBER, such as 4 or h100:4"
        )
        {
            IsUsage = true,
        };

    public static TorchyardException NoSlurm(string program) =>
        new(
            "TY7002",
            $"{program} is not on this machine: jobs are submitted where Slurm is",
            "log in to a node of the cluster, or load its module; 'torchyard submit --print' works everywhere"
        );

    public static TorchyardException Refused(string what, string answer) =>
        new("TY7003", $"Slurm refuses {what}: {Shown(answer)}", "correct what it names; 'sinfo' shows what the cluster has");

    public static TorchyardException NoPartition(string name, IReadOnlyList<string> there) =>
        new("TY7004", $"the cluster does not have the partition '{VisibleText.Of(name)}'", $"name one of: {string.Join(", ", there)}")
        {
            IsUsage = true,
        };

    public static TorchyardException DoesNotFit(string message, string cure) => new("TY7005", message, cure) { IsUsage = true };

    public static TorchyardException NoJob(string id) =>
        new(JobCodes.NoJob, $"Slurm does not know the job {VisibleText.Of(id)} (any more)", "run 'torchyard jobs' for those that it knows");

    public static TorchyardException BadId(string id) =>
        new(JobCodes.NoJob, $"'{VisibleText.Of(id)}' is not the id of a job", "write its number, or ARRAY_TASK, such as 4711 or 4711_3")
        {
            IsUsage = true,
        };

    public static TorchyardException NoLog(string id, string why) =>
        new("TY7007", $"job {id} does not have a log to read: {why}", $"run 'torchyard jobs show {id}' for its state and its reason");

    public static TorchyardException NotRunning(string id, string state) =>
        new("TY7008", $"job {id} does not run: it is {state}", $"run 'torchyard jobs show {id}' for its reason");

    public static TorchyardException NotOnNode(string id, string node, IReadOnlyList<string> there) =>
        new("TY7008", $"job {id} does not run on '{VisibleText.Of(node)}'", $"name one of: {string.Join(", ", there)}") { IsUsage = true };

    public static TorchyardException OutOfSight(string path, string why) =>
        new("TY7009", $"nodes do not see {path}: {why}", "move it to a file system that all nodes have") { IsUsage = true };

    private static string Shown(string text) => VisibleText.Of(text.Trim().ReplaceLineEndings(" "));
}
