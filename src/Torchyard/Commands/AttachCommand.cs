using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;

namespace Torchyard.Commands;

/// <summary><c>torchyard attach</c>: returns to a container that was detached from.</summary>
internal sealed class AttachCommand : Verb
{
    private readonly Argument<string?> _container = new("CONTAINER")
    {
        Description = "Name, id, or a project's directory (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public AttachCommand()
        : base("attach", VerbGroup.Containers, "Connect this terminal to a running container (ctrl-p ctrl-q leaves it again)")
    {
        _container.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_container);
        Examples = [new("torchyard attach train", "see and type to a container that was started with run -it and left")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var session = await new NamedContainers(invocation.Host).SessionAsync(invocation.Get(_container), cancellation);
        using var signals = invocation.Interruption.TakeOver();
        var result = await session.AttachAsync(CancellationToken.None);
        return result.ExitCode ?? (result.Detached ? ExitCode.Done : await session.WaitAsync(cancellation) ?? ExitCode.Failed);
    }
}
