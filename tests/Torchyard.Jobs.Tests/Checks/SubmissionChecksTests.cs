using Torchyard.Jobs.Checks;
using Torchyard.Jobs.Script;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;

namespace Torchyard.Jobs.Tests.Checks;

public sealed class SubmissionChecksTests
{
    private static readonly IReadOnlyList<Partition> Partitions = Partition.Read(
        "PartitionName=gpu AllowGroups=ALL Default=YES MaxNodes=UNLIMITED MaxTime=01:00:00 State=UP TotalCPUs=16 TotalNodes=2\n"
            + "PartitionName=long Default=NO MaxNodes=1 MaxTime=UNLIMITED State=UP TotalNodes=8\n"
            + "PartitionName=old Default=NO MaxNodes=UNLIMITED MaxTime=UNLIMITED State=DOWN TotalNodes=8\n",
        "gpu|gpu:h100:4(S:0-1),shard:8\nlong|gpu:2\nold|(null)\n"
    );

    private static readonly JobScript Job = new()
    {
        Name = "train",
        Image = "train",
        ImageName = "train",
        Command = ["true"],
        Program = "/torchyard",
    };

    [Theory]
    [InlineData(null, 2, "h100:4", "60", null)]
    [InlineData("gpu", 2, "4", "1:00:00", null)]
    [InlineData("nosuch", 1, null, null, "the cluster does not have the partition 'nosuch'")]
    [InlineData("old", 1, null, null, "the partition 'old' is down")]
    [InlineData("gpu", 3, null, null, "--nodes 3 is more than the partition 'gpu' gives to a job (2 nodes)")]
    [InlineData("long", 2, null, null, "--nodes 2 is more than the partition 'long' gives to a job (1 node)")]
    [InlineData("gpu", 1, "8", null, "no node of the partition 'gpu' has --gpus-per-node 8")]
    [InlineData("gpu", 1, "a100:1", null, "no node of the partition 'gpu' has --gpus-per-node a100:1")]
    [InlineData("long", 1, "2", "100-0", null)]
    [InlineData("gpu,long", 1, null, "2:00:00", null)]
    public void What_never_fits_is_refused_before_it_waits(string? partition, int nodes, string? gpus, string? time, string? refusal)
    {
        var job = Job with { Partition = partition, Nodes = nodes, GpusPerNode = gpus, Time = time };
        var thrown = Record.Exception(() => SubmissionChecks.Cluster(job, Partitions));
        Assert.Equal(refusal, thrown?.Message);
    }

    [Fact]
    public void A_time_beyond_the_partition_is_refused_with_the_longest()
    {
        var thrown = Assert.Throws<TorchyardException>(() => SubmissionChecks.Cluster(Job with { Time = "2:00:00" }, Partitions));
        Assert.Contains("60 minutes", thrown.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1h", null)]
    [InlineData(null, "four")]
    [InlineData(null, ":4")]
    public void Words_that_Slurm_does_not_know_are_refused_without_it(string? time, string? gpus) =>
        Assert.Equal(
            "TY7001",
            Assert.Throws<TorchyardException>(() => SubmissionChecks.Words(Job with { Time = time, GpusPerNode = gpus })).Code
        );

    [Theory]
    [InlineData("/dev/shm/run", true)]
    [InlineData("/home/me", false)]
    [InlineData("/dev/shmoo", false)]
    public void A_directory_in_memory_is_not_seen_by_nodes(string path, bool refused)
    {
        string[] mounts = ["/dev/vda / ext4 rw 0 0", "tmpfs /dev/shm tmpfs rw 0 0", "nfs:/home /home nfs4 rw 0 0"];
        Assert.Equal(refused, Record.Exception(() => SubmissionChecks.Visible(path, mounts, 2)) is not null);
    }
}
