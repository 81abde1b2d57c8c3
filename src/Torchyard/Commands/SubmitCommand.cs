using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Jobs;
using Torchyard.Jobs.Script;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary><c>torchyard submit</c>: a command on nodes of a Slurm cluster.</summary>
internal sealed partial class SubmitCommand : Verb
{
    private const int MostNodes = 100_000;
    private const int MostRanks = 4096;
    private const int MostRestarts = 1000;
    private const int MostSeconds = 65535;

    private readonly Option<string?> _image = new("--image")
    {
        Description = "Image of the store or of a registry (default: that of this directory's recipe)",
        HelpName = "IMAGE",
    };
    private readonly Option<int?> _nodes = new("--nodes", "-N") { Description = "How many nodes (default: 1)", HelpName = "COUNT" };
    private readonly Option<string?> _gpus = new("--gpus-per-node")
    {
        Description = "GPUs of each node: COUNT or TYPE:COUNT",
        HelpName = "GPUS",
    };
    private readonly Option<int?> _ranks = new("--ranks-per-node")
    {
        Description = "Ranks of each node (default: one for each GPU, or one)",
        HelpName = "COUNT",
    };
    private readonly Option<string?> _time = new("--time")
    {
        Description = "Time limit: minutes, H:M:S or D-H (default: the partition's)",
        HelpName = "TIME",
    };
    private readonly Option<string?> _partition = new("--partition") { Description = "Partition", HelpName = "NAME" };
    private readonly Option<string?> _name = new("--job-name")
    {
        Description = "Name of the job (default: the image's)",
        HelpName = "NAME",
    };
    private readonly Option<string?> _array = new("--array")
    {
        Description = "One job for each number, such as 1-20%4",
        HelpName = "TASKS",
    };
    private readonly Option<string[]> _after = new("--after") { Description = "Begin when this job has ended well", HelpName = "JOB" };
    private readonly Option<string?> _output = new("--output")
    {
        Description = "File of the log, with Slurm's patterns (default: NAME-%j.out)",
        HelpName = "FILE",
    };
    private readonly Option<string[]> _volumes = new("--volume", "-v")
    {
        Description = "Mount SOURCE:TARGET[:ro] beside this directory, which is /workspace",
        HelpName = "MOUNT",
    };
    private readonly Option<string[]> _variables = new("--env", "-e")
    {
        Description = "Set NAME=VALUE, or pass NAME on",
        HelpName = "NAME=VALUE",
    };
    private readonly Option<string?> _launch = new("--launch")
    {
        Description = "torchrun, ranks (a program each) or node (one a node); default: what suits the program",
        HelpName = "HOW",
    };
    private readonly Option<int?> _restarts = new("--max-restarts")
    {
        Description = "Start the program again after it failed, so often (default: 0)",
        HelpName = "COUNT",
    };
    private readonly Option<int?> _warn = new("--warn-before")
    {
        Description = "Seconds before the time limit at which the program gets SIGUSR2 (default: 120)",
        HelpName = "SECONDS",
    };
    private readonly Option<bool> _noRequeue = new("--no-requeue") { Description = "Do not go on after the time limit or a lost node" };
    private readonly Option<string?> _program = new("--program")
    {
        Description = "Where Torchyard is on the nodes (default: as here)",
        HelpName = "PATH",
    };
    private readonly Option<string[]> _sbatch = new("--sbatch")
    {
        Description = "Any option of sbatch, such as --sbatch=--qos=high",
        HelpName = "OPTION",
    };
    private readonly Option<bool> _print = new("--print") { Description = "Print the script and submit nothing" };
    private readonly Argument<string[]> _command = new("COMMAND")
    {
        Description = "Program and arguments",
        Arity = ArgumentArity.OneOrMore,
    };

    public SubmitCommand()
        : base("submit", VerbGroup.Jobs, "Run a command on nodes of a Slurm cluster")
    {
        _launch.AcceptOnlyFromAmong("torchrun", "ranks", "node");
        _image.CompletionSources.Add(ImageNames.Complete);
        Option[] all =
        [
            _image,
            _nodes,
            _gpus,
            _ranks,
            _time,
            _partition,
            _name,
            _array,
            _after,
            _output,
            _volumes,
            _variables,
            _launch,
            _restarts,
            _warn,
            _noRequeue,
            _program,
            _sbatch,
            _print,
            GlobalOptions.Json,
        ];
        foreach (var option in all)
        {
            Options.Add(option);
        }

        Arguments.Add(_command);
        Details = """
            What Slurm gets is a script that anybody can read, change and submit by hand (--print). On
            each node one container runs, which the ranks of the node share; Python with several ranks
            is started through torchrun. MASTER_ADDR, MASTER_PORT, WORLD_SIZE, RANK, LOCAL_RANK and
            NODE_RANK are set unless they are set already. This directory is /workspace on every node.

            Two minutes before the time limit the program gets SIGUSR2, or SIGTERM when it does not catch
            that: it writes a checkpoint and ends, and the job is queued again.
            """;
        Examples =
        [
            new("torchyard submit --gpus-per-node 4 -- python3 train.py", "this directory's environment on one node"),
            new("torchyard submit -N 2 --gpus-per-node h100:8 --time 8:00:00 --partition gpu -- python3 train.py", "on two"),
            new("torchyard submit --print --image cpu -N 2 -- python3 train.py", "only show the script"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        // An option that is not ours counts as a word of the program, which itself never begins with a dash.
        if (invocation.Get(_command) is [var first, ..] && first.StartsWith('-'))
        {
            throw new TorchyardException(
                "TY9001",
                $"'torchyard submit' has no option '{first}'",
                "see 'torchyard submit --help'; --sbatch passes an option of sbatch on"
            )
            {
                IsUsage = true,
            };
        }

        var flow = new SubmitFlow(invocation.Host, new SlurmClient());
        var job = flow.Script(Request(invocation));
        if (invocation.Get(_print))
        {
            invocation.Screen.CloseProgress();
            await invocation.Screen.Output.WriteAsync(BatchScript.Write(job));
            return ExitCode.Done;
        }

        var id = await flow.SubmitAsync(job, cancellation);
        invocation.Answer(new Answer(id, job.Name, job.Image), SubmitJson.Default.Answer, answer =>
        {
            invocation.Screen.Line(answer.Job);
            invocation.Screen.Progress.Note($"torchyard logs -f --job {answer.Job} shows what it prints");
        });
        return ExitCode.Done;
    }

    private SubmitRequest Request(Invocation invocation) =>
        new()
        {
            Command = invocation.Get(_command)!,
            Image = invocation.Get(_image),
            Name = invocation.Get(_name),
            Nodes = Number(invocation, _nodes, 1, MostNodes) ?? 1,
            GpusPerNode = invocation.Get(_gpus),
            RanksPerNode = Number(invocation, _ranks, 1, MostRanks),
            Time = invocation.Get(_time),
            Partition = invocation.Get(_partition),
            Array = invocation.Get(_array),
            After = invocation.Get(_after) ?? [],
            Output = invocation.Get(_output),
            Options = invocation.Get(_sbatch) ?? [],
            Volumes = invocation.Get(_volumes) ?? [],
            Variables = invocation.Get(_variables) ?? [],
            Launch = invocation.Get(_launch),
            MaxRestarts = Number(invocation, _restarts, 0, MostRestarts) ?? 0,
            WarnBefore = Number(invocation, _warn, 0, MostSeconds) ?? 120,
            NoRequeue = invocation.Get(_noRequeue),
            Program = invocation.Get(_program),
        };

    private static int? Number(Invocation invocation, Option<int?> option, int least, int most) =>
        invocation.Get(option) is not { } number ? null
        : number >= least && number <= most ? number
        : throw new TorchyardException(
            "TY9001",
            $"{option.Name} {number} is out of range",
            FormattableString.Invariant($"write a number from {least} to {most}")
        )
        {
            IsUsage = true,
        };

    internal sealed record Answer(string Job, string Name, string Image);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class SubmitJson : JsonSerializerContext;
}
