using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;

namespace Torchyard.Commands;

/// <summary><c>torchyard wait</c>: waits for containers to end and prints their exit statuses.</summary>
internal sealed class WaitCommand : Verb
{
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories",
        Arity = ArgumentArity.OneOrMore,
    };

    public WaitCommand()
        : base("wait", VerbGroup.Containers, "Wait until containers end and print their exit statuses")
    {
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Examples = [new("torchyard wait train", "block until the container 'train' has ended, then print its exit status")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        foreach (var name in invocation.Get(_containers)!)
        {
            var code = await (await new NamedContainers(invocation.Host).SessionAsync(name, cancellation)).WaitAsync(cancellation);
            invocation.Screen.Line(code?.ToString(CultureInfo.InvariantCulture) ?? "unknown");
        }

        return ExitCode.Done;
    }
}
