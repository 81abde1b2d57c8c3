using Torchyard.Jobs.Script;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;
using Torchyard.Testing.Golden;

namespace Torchyard.Jobs.Tests.Script;

public sealed class BatchScriptTests
{
    private static readonly JobScript Smallest = new()
    {
        Name = "train",
        Image = "sha256:3cb6b10baea5dee19df57347c09f6fa10e64db5846a6cad46b35808be98936ae",
        ImageName = "train",
        Command = ["python3", "train.py"],
        Program = "/opt/torchyard/torchyard",
    };

    private static readonly JobScript Largest = Smallest with
    {
        Name = "big run",
        ImageName = "ghcr.io/team/train:1.0",
        Store = "/local/store",
        Nodes = 2,
        GpusPerNode = "h100:4",
        RanksPerNode = 4,
        Time = "8:00:00",
        Partition = "gpu",
        Array = "1-20%4",
        After = ["17", "18"],
        Output = "/logs/%A_%a.out",
        Options = ["--qos=high", "--constraint=nvlink fast"],
        RunOptions = ["--volume", "/data/it's here:/data"],
        Launch = JobLaunch.Torchrun,
        MaxRestarts = 3,
        WarnBefore = 0,
        Requeue = false,
    };

    [Fact]
    public void The_smallest_job_is_a_script_that_a_person_can_read() =>
        GoldenFile.Compare("tests/Torchyard.Jobs.Tests/Golden/smallest.golden", BatchScript.Write(Smallest));

    [Fact]
    public void The_largest_job_has_everything_that_was_asked_for() =>
        GoldenFile.Compare("tests/Torchyard.Jobs.Tests/Golden/largest.golden", BatchScript.Write(Largest));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_part_of_a_script_is_right_for_its_shell(bool large)
    {
        // The parts are texts within the script: bash sees only that they end.
        var script = BatchScript.Write(large ? Largest : Smallest);
        var bash = HostProgram.At(Requires.Program("bash"));
        string[] checks =
        [
            "bash -n",
            "source <(sed -n '/^prepare=/,/^)$/p; /^on_node=/,/^)$/p; /^in_container=/,/^)$/p' \"$0\")",
            "bash -n -c \"$prepare\" && bash -n -c \"$on_node\" && sh -n -c \"$in_container\"",
        ];
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "job.sh");
        await File.WriteAllTextAsync(file, script, TestContext.Current.CancellationToken);
        var result = await HostCommand.RunAsync(
            bash,
            ["-ec", $"{checks[0]} \"$0\"; {checks[1]}; {checks[2]}; [ ${{#in_container}} -gt 1000 ]", file],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task Words_of_the_command_stay_what_they_are()
    {
        string[] words = ["a b", "it's", "$HOME", "`id`", "\"", "\\", "", "*", "é\n"];
        var script = BatchScript.Write(Smallest with { Command = words });
        var line = script[script.IndexOf("\ncommand=", StringComparison.Ordinal)..script.IndexOf("\n\nprepare=", StringComparison.Ordinal)];
        var result = await HostCommand.RunAsync(
            HostProgram.At(Requires.Program("bash")),
            ["-c", line + "\nprintf '%s\\0' \"${command[@]}\""],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.Equal(words, result.Output.Split('\0')[..^1]);
    }

    [Theory]
    [InlineData("a\n#SBATCH --uid=0")]
    [InlineData("a\"b")]
    public void A_value_cannot_add_lines_to_the_script(string name) =>
        Assert.Equal("TY7001", Assert.Throws<TorchyardException>(() => BatchScript.Write(Smallest with { Name = name })).Code);

    [Theory]
    [InlineData("python3 train.py", true, JobLaunch.Torchrun)]
    [InlineData("/usr/bin/python3.12 -m train", true, JobLaunch.Torchrun)]
    [InlineData("python3 train.py", false, JobLaunch.Ranks)]
    [InlineData("torchrun train.py", true, JobLaunch.Node)]
    [InlineData("python3 -m torch.distributed.run train.py", true, JobLaunch.Node)]
    [InlineData("accelerate launch train.py", false, JobLaunch.Node)]
    [InlineData("./all_reduce_perf", true, JobLaunch.Ranks)]
    [InlineData("pythonic", true, JobLaunch.Ranks)]
    public void A_program_is_started_as_suits_it(string command, bool ranks, JobLaunch launch) =>
        Assert.Equal(launch, LaunchChoice.Of(command.Split(' '), ranks));
}
