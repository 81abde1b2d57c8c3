using Torchyard.Jobs.Slurm;

namespace Torchyard.Fuzz.Targets.Jobs;

internal sealed class SlurmAnswersTarget : TextTarget
{
    public override string Name => "slurm-answers";

    public override string Input => "what scontrol, squeue and sinfo print; names in it are those of any user of the cluster";

    public override IReadOnlyList<string> Words =>
        [
            "JobId=1 ",
            "JobName=",
            "Comment=torchyard:",
            "PartitionName=gpu ",
            "MaxTime=1-0 ",
            "|PENDING|",
            "gpu:h100:4",
            "N/A",
            "(null)",
            " K=",
        ];

    protected override object? Parse(string text)
    {
        QueuedJob.Read(text);
        KnownJob.Read(text);
        Partition.Read(text, text);
        SlurmTime.Parse(text);
        NodeGpus.Asked(text);
        return SlurmFields.Parse(text);
    }
}
