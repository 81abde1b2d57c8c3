using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;
using Torchyard.Flows.Running;

namespace Torchyard.Commands;

/// <summary><c>torchyard restart</c>: stops containers and starts them again.</summary>
internal sealed class RestartCommand : Verb
{
    private readonly Option<int?> _time = TimeOption.Create();
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public RestartCommand()
        : base("restart", VerbGroup.Containers, "Stop containers and start them again, with what they wrote")
    {
        Options.Add(_time);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Details = """
            As it was made: image, mounts, ports, limits and GPUs are those of the first start. What a
            changed recipe says is taken up by 'torchyard up --recreate' alone. One that has ended is
            started.
            """;
        Examples =
        [
            new("torchyard restart", "the environment of this directory, with its services"),
            new("torchyard restart --time 60 train", "give what runs in it a minute to end"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var timeout = TimeOption.Read(invocation, _time);
        return await EachName.DoAsync(invocation, EachName.OrProject(invocation.Get(_containers)), async name =>
        {
            var container = await new NamedContainers(invocation.Host).FindAsync(name, cancellation);
            await new StartAgainFlow(invocation.Host).RestartAsync(container, timeout, cancellation);
            invocation.Screen.Line(container.Record.Name);
        });
    }
}
