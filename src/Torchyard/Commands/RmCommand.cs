using System.CommandLine;
using Torchyard.CommandLine;

namespace Torchyard.Commands;

/// <summary><c>torchyard rm</c>: removes containers.</summary>
internal sealed class RmCommand : Verb
{
    private readonly Option<bool> _force = new("--force", "-f") { Description = "Kill it when it runs" };
    private readonly Argument<string[]> _containers = new("CONTAINER") { Description = "Names or ids", Arity = ArgumentArity.OneOrMore };

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
        var store = invocation.Containers();
        foreach (var name in invocation.Get(_containers)!)
        {
            var container = await store.FindAsync(name, cancellation);
            if (invocation.Get(_force) && container.IsRunning)
            {
                await invocation.Session(container).StopAsync(TimeSpan.Zero, cancellation);
            }

            await store.RemoveAsync(container, cancellation);
            invocation.Screen.Line(name);
        }

        return ExitCode.Done;
    }
}
