using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;

namespace Torchyard.Commands;

/// <summary><c>torchyard stop</c>: ends containers in order.</summary>
internal sealed class StopCommand : Verb
{
    private readonly Option<int?> _time = TimeOption.Create();
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public StopCommand()
        : base("stop", VerbGroup.Containers, "Stop containers: ask, wait, then kill")
    {
        Options.Add(_time);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Details = "What was stopped is there still: 'torchyard start' starts it again. 'torchyard down' also removes it.";
        Examples =
        [
            new("torchyard stop", "the environment of this directory"),
            new("torchyard stop --time 120 train", "ask it to end, and kill it when it still runs after two minutes"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var timeout = TimeOption.Read(invocation, _time);
        var sessions = new List<Torchyard.Containers.Starting.ContainerSession>();
        try
        {
            return await EachName.DoAsync(invocation, EachName.OrProject(invocation.Get(_containers)), async name =>
                sessions.Add(await new NamedContainers(invocation.Host).SessionAsync(name, cancellation))
            );
        }
        finally
        {
            // Together, as each may take its time; also when one of the names was wrong.
            await Task.WhenAll(sessions.Select(s => s.StopAsync(timeout, cancellation)));
            sessions.ForEach(s => invocation.Screen.Line(s.Record.Name));
        }
    }
}
