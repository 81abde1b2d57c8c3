using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Naming;

namespace Torchyard.Commands;

/// <summary><c>torchyard rm</c>: removes containers.</summary>
internal sealed class RmCommand : Verb
{
    private readonly Option<bool> _force = new("--force", "-f") { Description = "Kill it when it runs" };
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories",
        Arity = ArgumentArity.OneOrMore,
    };

    public RmCommand()
        : base("rm", VerbGroup.Containers, "Remove containers; mounts and volumes stay")
    {
        Options.Add(_force);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Examples =
        [
            new("torchyard rm train", "remove a container that has ended"),
            new("torchyard rm --force train", "also when it still runs"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var store = invocation.Host.Containers();
        return await EachName.DoAsync(invocation, invocation.Get(_containers)!, async name =>
        {
            var container = await new NamedContainers(invocation.Host).FindAsync(name, cancellation);
            if (invocation.Get(_force) && container.IsRunning)
            {
                await invocation.Host.Session(container).StopAsync(TimeSpan.Zero, cancellation);
            }

            await store.RemoveAsync(container, cancellation);
            invocation.Screen.Line(name);
        });
    }
}
