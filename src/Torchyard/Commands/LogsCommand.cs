using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Containers.Logs;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary><c>torchyard logs</c>: what a container printed.</summary>
internal sealed class LogsCommand : Verb
{
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on until the container ends" };
    private readonly Option<string?> _tail = new("--tail", "-n") { Description = "Only the last so many lines, or 'all'", HelpName = "COUNT" };
    private readonly Option<string?> _since = new("--since") { Description = "Only lines since a time (2026-01-31T12:00:00Z) or for so long (10m)", HelpName = "TIME" };
    private readonly Option<bool> _times = new("--timestamps", "-t") { Description = "Show when each line was printed" };
    private readonly Argument<string> _container = new("CONTAINER") { Description = "Name or id" };
    private readonly Argument<string?> _service = new("SERVICE")
    {
        Description = "One of its services, e.g. jupyter or sshd",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public LogsCommand()
        : base("logs", VerbGroup.Containers, "Show what a container or one of its services printed")
    {
        Options.Add(_follow);
        Options.Add(_tail);
        Options.Add(_since);
        Options.Add(_times);
        _container.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_container);
        Arguments.Add(_service);
        Examples = [new("torchyard logs -f cpu jupyter", "follow what Jupyter prints")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var session = await invocation.SessionAsync(invocation.Get(_container)!, cancellation);
        var tail = Tail(invocation.Get(_tail));
        var output = invocation.Screen.Output;
        if (invocation.Get(_service) is { } service)
        {
            await foreach (var line in ServiceLog.ReadAsync(session.ServiceLogDirectory, service, tail, invocation.Get(_follow) ? () => IsRunning(session) : null, cancellation))
            {
                await output.WriteLineAsync(line);
                await output.FlushAsync(cancellation);
            }

            return ExitCode.Done;
        }

        var since = Since(invocation.Get(_since), invocation.Caller.Clock.GetUtcNow());
        await foreach (var entry in session.LogAsync(tail, since, invocation.Get(_follow), cancellation))
        {
            var time = invocation.Get(_times) ? entry.Time.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture) + " " : "";
            var target = entry.IsError ? invocation.Screen.Streams.Error : output;
            await target.WriteAsync(time + entry.Text + (entry.IsWhole ? "\n" : ""));
            await target.FlushAsync(cancellation);
        }

        return ExitCode.Done;
    }

    private static bool IsRunning(Containers.ContainerSession session) => session.IsRunning;

    private static int? Tail(string? text) => text switch
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

        if (text.Length > 1 && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
        {
            var seconds = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
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
