using System.CommandLine;
using Torchyard.CommandLine;

namespace Torchyard.Commands;

/// <summary><c>torchyard stop</c>: ends containers in order.</summary>
internal sealed class StopCommand : Verb
{
    private readonly Option<int?> _time = new("--time", "-t") { Description = "Seconds until it is killed (default: the container's own)", HelpName = "SECONDS" };
    private readonly Argument<string[]> _containers = new("CONTAINER") { Description = "Names or ids", Arity = ArgumentArity.OneOrMore };

    public StopCommand()
        : base("stop", VerbGroup.Containers, "Stop containers: ask, wait, then kill")
    {
        Options.Add(_time);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Examples = [new("torchyard stop --time 120 train", "ask it to end, and kill it when it still runs after two minutes")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        TimeSpan? timeout = invocation.Get(_time) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var sessions = new List<Containers.ContainerSession>();
        foreach (var name in invocation.Get(_containers)!)
        {
            sessions.Add(await invocation.SessionAsync(name, cancellation));
        }

        await Task.WhenAll(sessions.Select(s => s.StopAsync(timeout, cancellation)));
        sessions.ForEach(s => invocation.Screen.Line(s.Record.Name));
        return ExitCode.Done;
    }
}
