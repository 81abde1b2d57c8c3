using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;
using Torchyard.Flows.Running;

namespace Torchyard.Commands;

/// <summary><c>torchyard start</c>: starts containers again that have ended.</summary>
internal sealed class StartCommand : Verb
{
    private readonly Option<bool> _attach = new("--attach", "-a") { Description = "Connect this terminal to it, and end with its status" };
    private readonly Option<bool> _interactive = new("--interactive", "-i")
    {
        Description = "As --attach: input goes on as it did at first",
    };
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public StartCommand()
        : base("start", VerbGroup.Containers, "Start containers again that have ended, with what they wrote")
    {
        Options.Add(_attach);
        Options.Add(_interactive);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Details = """
            As it was made: image, mounts, ports, limits and GPUs are those of the first start. What a
            changed recipe says is taken up by 'torchyard up --recreate' alone.
            """;
        Examples =
        [
            new("torchyard start train", "run the container 'train' again, in the background"),
            new("torchyard start -ai train", "and connect this terminal to it"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var names = EachName.OrProject(invocation.Get(_containers));
        var containers = new NamedContainers(invocation.Host);
        var flow = new StartAgainFlow(invocation.Host);
        if (invocation.Get(_attach) || invocation.Get(_interactive))
        {
            var one = await containers.FindAsync(EachName.One(names, "torchyard start --attach"), cancellation);
            using var signals = invocation.Interruption.TakeOver();
            return await flow.RunAsync(one, CancellationToken.None);
        }

        return await EachName.DoAsync(invocation, names, async name =>
        {
            var container = await containers.FindAsync(name, cancellation);
            await flow.StartAsync(container, cancellation);
            invocation.Screen.Line(container.Record.Name);
        });
    }
}
