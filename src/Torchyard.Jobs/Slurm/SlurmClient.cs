using Torchyard.Jobs.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Jobs.Slurm;

/// <summary>Runs a program of Slurm; tests put recorded answers in its place.</summary>
/// <param name="program">Its name.</param>
/// <param name="arguments">Its arguments.</param>
/// <param name="input">Its standard input; null for none.</param>
/// <param name="directory">Its working directory.</param>
/// <param name="cancellation">Kills it.</param>
public delegate Task<CommandResult> SlurmRun(
    string program,
    IReadOnlyList<string> arguments,
    string? input,
    string directory,
    CancellationToken cancellation
);

/// <summary>Asks Slurm through its own programs, with formats that releases from 22.05 to 26.05 share.</summary>
public sealed class SlurmClient(SlurmRun run)
{
    private const int MostCandidates = 100_000;

    /// <summary>With the programs of this machine.</summary>
    public SlurmClient()
        : this(RunHereAsync) { }

    /// <summary>A program of Slurm's on this machine.</summary>
    /// <exception cref="TorchyardException">TY7002: it is not here.</exception>
    public static HostProgram Program(string name) => HostProgram.Find(name) ?? throw JobErrors.NoSlurm(name);

    /// <summary>Becomes a program of Slurm's; what comes back is why it did not.</summary>
    /// <param name="line">The program and its arguments.</param>
    /// <exception cref="TorchyardException">TY7002: it is not here.</exception>
    public static TorchyardException Become(IReadOnlyList<string> line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var program = Program(line[0]);
        return JobErrors.Refused("to start " + line[0], ProcessReplacement.Execute(program, line, "/"));
    }

    /// <summary>All partitions.</summary>
    /// <exception cref="TorchyardException">TY7002, TY7003: there is no Slurm, or it does not answer.</exception>
    public async Task<IReadOnlyList<Partition>> PartitionsAsync(CancellationToken cancellation)
    {
        var partitions = AskAsync("scontrol", ["--oneliner", "show", "partition"], "to list partitions", cancellation);
        var gres = AskAsync("sinfo", ["--noheader", "--all", "--format=%R|%G"], "to list nodes", cancellation);
        return Partition.Read(await partitions, await gres);
    }

    /// <summary>Submits a script and gives the job's id.</summary>
    /// <exception cref="TorchyardException">TY7002, TY7003: there is no Slurm, or it refuses the job.</exception>
    public async Task<string> SubmitAsync(string script, string directory, CancellationToken cancellation)
    {
        var result = await run("sbatch", ["--parsable"], script, directory, cancellation);
        // With several clusters the name of one stands behind the id.
        return result.ExitCode == 0
            ? result.Output.Trim().Split(';')[0]
            : throw JobErrors.Refused("the job", result.Error.Length > 0 ? result.Error : result.Output);
    }

    /// <summary>Jobs in the queue.</summary>
    /// <param name="everybody">Those of all users.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY7002, TY7003: there is no Slurm, or it does not answer.</exception>
    public async Task<IReadOnlyList<QueuedJob>> QueueAsync(bool everybody, CancellationToken cancellation) =>
        QueuedJob.Read(
            await AskAsync(
                "squeue",
                [.. everybody ? Array.Empty<string>() : ["--me"], "--noheader", "--format=" + QueuedJob.Format],
                "to list jobs",
                cancellation
            )
        );

    /// <summary>One job, or all tasks of an array.</summary>
    /// <exception cref="TorchyardException">TY7002, TY7003; TY7006: Slurm does not know it.</exception>
    public async Task<IReadOnlyList<KnownJob>> ShowAsync(string id, CancellationToken cancellation)
    {
        RequireId(id);
        var result = await run("scontrol", ["--oneliner", "show", "job", id], null, "/", cancellation);
        var jobs = result.ExitCode == 0 ? KnownJob.Read(result.Output) : [];
        return jobs.Count > 0 ? jobs
            : result.ExitCode == 0 || result.Error.Contains("Invalid job id", StringComparison.Ordinal) ? throw JobErrors.NoJob(id)
            : throw JobErrors.Refused($"to show job {id}", result.Error);
    }

    /// <summary>Names of nodes behind a list such as <c>gn[1-4]</c>.</summary>
    public async Task<IReadOnlyList<string>> NodesAsync(string list, CancellationToken cancellation) =>
        list.Length == 0
            ? []
            :
            [
                .. (await AskAsync("scontrol", ["show", "hostnames", list], $"to spell {list}", cancellation))
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    .Take(MostCandidates),
            ];

    /// <summary>Cancels a job.</summary>
    /// <exception cref="TorchyardException">TY7002, TY7003, TY7006.</exception>
    public async Task CancelAsync(string id, CancellationToken cancellation)
    {
        await ShowAsync(id, cancellation);
        // The script hears of it too, so that it does not take the end of its step for a failure.
        await AskAsync("scancel", ["--full", "--signal=TERM", id], $"to warn job {id}", cancellation, mayFail: true);
        await AskAsync("scancel", [id], $"to cancel job {id}", cancellation);
    }

    /// <summary>Refuses what is not the id of a job.</summary>
    /// <exception cref="TorchyardException">TY7006.</exception>
    public static void RequireId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (
            id.Length is 0 or > 40
            || !id.All(character => char.IsAsciiDigit(character) || "_[]-+%,".Contains(character, StringComparison.Ordinal))
            || !char.IsAsciiDigit(id[0])
        )
        {
            throw JobErrors.BadId(id);
        }
    }

    private async Task<string> AskAsync(
        string program,
        IReadOnlyList<string> arguments,
        string what,
        CancellationToken cancellation,
        bool mayFail = false
    )
    {
        var result = await run(program, arguments, null, "/", cancellation);
        return result.ExitCode == 0 || mayFail ? result.Output : throw JobErrors.Refused(what, result.Error);
    }

    private static Task<CommandResult> RunHereAsync(
        string program,
        IReadOnlyList<string> arguments,
        string? input,
        string directory,
        CancellationToken cancellation
    ) => HostCommand.RunAsync(Program(program), arguments, input: input, directory: directory, cancellation: cancellation);
}
