using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Flows.Jobs;
using Torchyard.Flows.Naming;
using Torchyard.Flows.Running;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard exec</c>: another program in a running container.</summary>
internal sealed partial class ExecCommand : Verb, IEndsAsProgram
{
    private readonly Option<bool> _detach = new("--detach", "-d")
    {
        Description = "Leave it to itself, print its number and end; its output is kept",
    };
    private readonly Option<bool> _list = new("--list") { Description = "List what was started with -d" };
    private readonly Option<bool> _interactive = new("--interactive", "-i") { Description = "Pass standard input on" };
    private readonly Option<bool> _terminal = new("--tty", "-t") { Description = "Give the program a terminal" };
    private readonly Option<string?> _user = new("--user", "-u") { Description = "Run as USER[:GROUP]", HelpName = "USER" };
    private readonly Option<string?> _directory = new("--workdir", "-w") { Description = "Working directory inside", HelpName = "DIR" };
    private readonly Option<string[]> _environment = new("--env", "-e")
    {
        Description = "Set NAME=VALUE, or pass NAME on",
        HelpName = "NAME=VALUE",
    };
    private readonly Option<string?> _job = JobOption.Create("In this job of the cluster: all words are the program's");
    private readonly Option<string?> _node = new("--node")
    {
        Description = "With --job: on this node (default: the first)",
        HelpName = "NODE",
    };
    private readonly Argument<string?> _container = new("CONTAINER")
    {
        Description = "Name, id, or a project's directory (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Argument<string[]> _command = new("COMMAND")
    {
        Description = "Program and arguments",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public ExecCommand()
        : base("exec", VerbGroup.Containers, "Run a program in a running container")
    {
        Options.Add(_detach);
        Options.Add(_list);
        Options.Add(_interactive);
        Options.Add(_terminal);
        Options.Add(_user);
        Options.Add(_directory);
        Options.Add(_environment);
        Options.Add(_job);
        Options.Add(_node);
        Options.Add(GlobalOptions.Json);
        _container.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_container);
        Arguments.Add(_command);
        Details = """
            Where the first word is the name of a container, the program runs in that one. Else, in a
            directory whose environment runs, all words are the program's, and it runs there. Behind --
            no word is a container: for a program of the same name as one.

            A program whose terminal is closed hears of it (SIGHUP), as with ssh. One that was started
            with -d hears of nothing, and runs until it ends or its container does: 'exec --list' shows
            it with its exit status, 'logs --exec NUMBER' what it printed, 'kill --exec NUMBER' ends it.
            Python keeps what it prints in memory for a while unless it is started with -u.
            """;
        Examples =
        [
            new("torchyard exec python3 train.py", "a program in the environment of this directory"),
            new("torchyard exec -it train bash", "a shell in the container 'train'"),
            new("torchyard exec -d python3 -u train.py", "a program that outlives the terminal"),
            new("torchyard exec --list", "what was started so in this directory's environment, and how it ended"),
            new("torchyard exec -it --job 4711 bash", "a shell in the container of a job"),
            new("torchyard exec -- train --epochs 3", "the program 'train', although a container has that name"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        string[] words = [.. invocation.Get(_container) is { } first ? (string[])[first] : [], .. invocation.Get(_command) ?? []];
        if (invocation.Get(_job) is { } job)
        {
            return await InJobAsync(invocation, job, words, cancellation);
        }

        var containers = new NamedContainers(invocation.Host);
        if (invocation.Get(_list))
        {
            var listed = await containers.AloneAsync(words, "torchyard exec --list", cancellation);
            Show(invocation, listed.DetachedPrograms());
            return ExitCode.Done;
        }

        ExecMode.Require(invocation.Get(_detach), invocation.Get(_interactive), invocation.Get(_terminal), invocation.Json);
        var (session, command) = await containers.WithProgramAsync(words, invocation.IsBehindMark(_container), cancellation);
        var request = new ExecRequest
        {
            Command = command,
            Environment = PassedVariables.Of(invocation.Caller, invocation.Get(_environment) ?? []),
            User = ProcessSyntax.User(invocation.Get(_user)),
            WorkingDirectory = ProcessSyntax.Directory(invocation.Get(_directory)),
            Interactive = invocation.Get(_interactive),
            Terminal = invocation.Get(_terminal),
        };
        if (invocation.Get(_detach))
        {
            var left = await session.ExecDetachedAsync(request, cancellation);
            invocation.Screen.Line(left.Number.ToString(CultureInfo.InvariantCulture));
            invocation.Screen.Progress.Note(
                FormattableString.Invariant($"torchyard logs {session.Record.Name} --exec {left.Number} shows what it prints")
            );
            return ExitCode.Done;
        }

        using var signals = invocation.Interruption.TakeOver();
        return await session.ExecAsync(request, CancellationToken.None);
    }

    private async Task<int> InJobAsync(Invocation invocation, string job, string[] words, CancellationToken cancellation)
    {
        JobOption.Alone(!invocation.Get(_detach) && !invocation.Get(_list) && !invocation.Json, "-d, --list or --json");
        if (words.Length == 0)
        {
            throw new TorchyardException("TY9001", "'torchyard exec --job' needs COMMAND", "write the program and its arguments behind it")
            {
                IsUsage = true,
            };
        }

        List<string> options = [];
        options.AddRange(invocation.Get(_user) is { } user ? ["--user", user] : []);
        options.AddRange(invocation.Get(_directory) is { } directory ? ["--workdir", directory] : []);
        foreach (var variable in invocation.Get(_environment) ?? [])
        {
            options.AddRange(["--env", variable]);
        }

        var line = await new JobsFlow(invocation.Host, new SlurmClient()).ExecAsync(
            new JobExec
            {
                Job = job,
                Node = invocation.Get(_node),
                Command = words,
                Interactive = invocation.Get(_interactive),
                Terminal = invocation.Get(_terminal),
                Options = options,
            },
            cancellation
        );
        invocation.Screen.CloseProgress();
        throw SlurmClient.Become(line);
    }

    private static void Show(Invocation invocation, IReadOnlyList<ExecState> programs)
    {
        var now = invocation.Caller.Clock.GetUtcNow();
        invocation.Answer([.. programs.Select(Row.Of)], ExecJson.Default.RowArray, _ =>
            invocation.Screen.Table(
                [new("NUMBER", Right: true), new("STATUS", Whole: true), new("STARTED", Drop: 1), new("COMMAND")],
                [
                    .. programs.Select(state =>
                        (IReadOnlyList<string>)
                            [
                                state.Number.ToString(CultureInfo.InvariantCulture),
                                Status(state, now),
                                Ago(state.Started, now),
                                string.Join(' ', state.Command),
                            ]
                    ),
                ]
            )
        );
    }

    private static string Status(ExecState state, DateTimeOffset now) =>
        state.IsRunning ? "Running"
        : state.Finished == 0 ? "Ended with its container"
        : $"Exited ({state.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}) {Ago(state.Finished, now)}";

    private static string Ago(long milliseconds, DateTimeOffset now) =>
        AgeText.Of(now - DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)) + " ago";

    internal sealed record Row
    {
        public required int Number { get; init; }
        public required IReadOnlyList<string> Command { get; init; }
        public required bool Running { get; init; }
        public required int? ExitCode { get; init; }
        public required string? Started { get; init; }
        public required string? Finished { get; init; }
        public required int? ProcessId { get; init; }
        public required string? Error { get; init; }

        public static Row Of(ExecState state) =>
            new()
            {
                Number = state.Number,
                Command = state.Command,
                Running = state.IsRunning,
                ExitCode = state.ExitCode,
                Started = TimeText.Of(state.Started),
                Finished = TimeText.Of(state.Finished),
                ProcessId = state.IsRunning ? state.Program?.Id : null,
                Error = state.Error,
            };
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Row[]))]
    internal sealed partial class ExecJson : JsonSerializerContext;
}
