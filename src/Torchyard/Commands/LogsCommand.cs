using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Containers.Logs;
using Torchyard.Flows.Jobs;
using Torchyard.Flows.Naming;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard logs</c>: what a container printed.</summary>
internal sealed class LogsCommand : Verb
{
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on until the container ends" };
    private readonly Option<string?> _tail = new("--tail", "-n")
    {
        Description = "Only the last so many lines, or 'all'",
        HelpName = "COUNT",
    };
    private readonly Option<string?> _since = new("--since")
    {
        Description = "Only lines since a time (2026-01-31T12:00:00Z) or for so long (10m)",
        HelpName = "TIME",
    };
    private readonly Option<bool> _times = new("--timestamps", "-t") { Description = "Show when each line was printed" };
    private readonly Option<int?> _exec = new("--exec")
    {
        Description = "What a program printed that was started with 'exec -d'",
        HelpName = "NUMBER",
    };
    private readonly Option<bool> _raw = new("--raw") { Description = "On a terminal, too, pass every byte as the program printed it" };
    private readonly Option<string?> _job = JobOption.Create("What the ranks of this job of the cluster print");
    private readonly Option<int?> _rank = new("--rank") { Description = "With --job: only this rank", HelpName = "NUMBER" };
    private readonly Argument<string?> _container = new("CONTAINER")
    {
        Description = "Name, id, or a project's directory (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Argument<string?> _service = new("SERVICE")
    {
        Description = "One of its services, e.g. jupyter or ssh",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public LogsCommand()
        : base("logs", VerbGroup.Containers, "Show what a container or one of its services printed")
    {
        Options.Add(_follow);
        Options.Add(_tail);
        Options.Add(_since);
        Options.Add(_times);
        Options.Add(_exec);
        Options.Add(_raw);
        Options.Add(_job);
        Options.Add(_rank);
        _container.CompletionSources.Add(ContainerNames.Complete);
        _container.CompletionSources.Add(ContainerNames.CompleteOwnServices);
        Arguments.Add(_container);
        _service.CompletionSources.Add(context => ContainerNames.CompleteServices(context, _container.Name));
        Arguments.Add(_service);
        Details = """
            A single word that is not the name of a container is a service of the environment of this
            directory.

            On a terminal, colours pass and everything else that a terminal would obey is shown and not
            obeyed: a program in a container cannot move the cursor, set the title or write the
            clipboard of who reads its log. Into a pipe or a file, and with --raw, bytes pass as they are.
            """;
        Examples =
        [
            new("torchyard logs jupyter", "what Jupyter of this directory's environment printed"),
            new("torchyard logs -f train", "follow what the container 'train' prints"),
            new("torchyard logs -f train ssh", "follow one of its services"),
            new("torchyard logs -f --job 4711", "follow all ranks of a job; [3] stands before what rank 3 prints"),
            new("torchyard logs -f --exec 1", "follow what 'torchyard exec -d' started in this directory"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var tail = Tail(invocation.Get(_tail));
        var streams = invocation.Screen.Streams;
        var raw = invocation.Get(_raw);
        var output = new LogOutput(
            streams.Output,
            streams.OutputReachesTerminal && !raw ? new LogText(streams.Colours && streams.OutputIsTerminal) : null
        );
        var error = new LogOutput(
            streams.Error,
            streams.ErrorReachesTerminal && !raw ? new LogText(streams.Colours && streams.ErrorIsTerminal) : null
        );
        try
        {
            if (invocation.Get(_job) is { } job)
            {
                await ShowJobAsync(invocation, job, tail, output, cancellation);
                return ExitCode.Done;
            }

            var (session, services) = await new NamedContainers(invocation.Host).WithServiceAsync(
                invocation.Get(_container),
                invocation.Get(_service),
                invocation.Get(_exec) is not null,
                cancellation
            );
            await ShowAsync(invocation, session, services is [var service] ? service : null, tail, output, error, cancellation);
        }
        finally
        {
            output.End();
            error.End();
        }

        return ExitCode.Done;
    }

    private async Task ShowJobAsync(Invocation invocation, string id, int? tail, LogOutput output, CancellationToken cancellation)
    {
        JobOption.Alone(
            invocation.Get(_container) is null
                && invocation.Get(_exec) is null
                && invocation.Get(_since) is null
                && !invocation.Get(_times),
            "a container, --exec, --since or --timestamps"
        );
        var flow = new JobsFlow(invocation.Host, new SlurmClient());
        var follow = invocation.Get(_follow);
        var view = await flow.WithLogAsync(id, follow, cancellation);
        if (view.Log?.Failure is { } failure)
        {
            invocation.Screen.ErrorLine(JobText.Of(failure));
            foreach (var line in failure.LastLines)
            {
                invocation.Screen.ErrorLine("  " + PlainText.Clean(line));
            }
        }

        var rank = invocation.Get(_rank)?.ToString(CultureInfo.InvariantCulture);
        await foreach (var line in flow.LinesAsync(view.Job, new LogWish(follow, tail, rank), cancellation))
        {
            await output.WriteAsync("", line, whole: true, cancellation);
        }
    }

    private async Task ShowAsync(
        Invocation invocation,
        Torchyard.Containers.Starting.ContainerSession session,
        string? service,
        int? tail,
        LogOutput output,
        LogOutput error,
        CancellationToken cancellation
    )
    {
        if (service is not null)
        {
            await foreach (
                var line in ServiceLog.ReadAsync(
                    session.ServiceLogDirectory,
                    service,
                    tail,
                    invocation.Get(_follow) ? () => IsRunning(session) : null,
                    cancellation
                )
            )
            {
                await output.WriteAsync("", line, whole: true, cancellation);
            }

            return;
        }

        var since = Since(invocation.Get(_since), invocation.Caller.Clock.GetUtcNow());
        var entries = invocation.Get(_exec) is { } number
            ? session.DetachedLogAsync(number, tail, since, invocation.Get(_follow), cancellation)
            : session.LogAsync(tail, since, invocation.Get(_follow), cancellation);
        await foreach (var entry in entries)
        {
            var time = invocation.Get(_times)
                ? entry.Time.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture) + " "
                : "";
            await (entry.IsError ? error : output).WriteAsync(time, entry.Text, entry.IsWhole, cancellation);
        }
    }

    /// <summary>One of the two streams of a log.</summary>
    private sealed record LogOutput(TextWriter Writer, LogText? Filter)
    {
        public async Task WriteAsync(string time, string text, bool whole, CancellationToken cancellation)
        {
            await Writer.WriteAsync(time + (Filter?.Of(text) ?? text) + (whole ? "\n" : ""));
            await Writer.FlushAsync(cancellation);
        }

        public void End() => Writer.Write(Filter?.End() ?? "");
    }

    private static bool IsRunning(Torchyard.Containers.Starting.ContainerSession session) => session.IsRunning;

    private static int? Tail(string? text) =>
        text switch
        {
            null or "all" => null,
            _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) => count,
            _ => throw Wrong("--tail", text, "a number, or all"),
        };

    private static DateTimeOffset? Since(string? text, DateTimeOffset now)
    {
        if (text is null)
        {
            return null;
        }

        if (
            text.Length > 1
            && double.TryParse(
                text.AsSpan(0, text.Length - 1),
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out var amount
            )
        )
        {
            var seconds = text[^1] switch
            {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86400,
                _ => 0,
            };
            if (seconds > 0)
            {
                return now - TimeSpan.FromSeconds(amount * seconds);
            }
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)
            ? time
            : throw Wrong("--since", text, "a time such as 2026-01-31T12:00:00Z, or 90s, 10m, 2h, 3d");
    }

    private static TorchyardException Wrong(string option, string text, string form) =>
        new("TY4060", $"{option} '{text}' cannot be read", $"write {form}") { IsUsage = true };
}
