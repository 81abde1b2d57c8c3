using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Projects;

namespace Torchyard.Commands;

/// <summary><c>torchyard down</c>: ends the environment of a project.</summary>
internal sealed class DownCommand : Verb
{
    private readonly Option<int?> _time = TimeOption.Create();
    private readonly Argument<string?> _directory = new("DIR")
    {
        Description = "Project directory (default: this one)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public DownCommand()
        : base("down", VerbGroup.Start, "Stop and remove the project's environment; mounts, checkpoints and keys stay")
    {
        Options.Add(_time);
        Arguments.Add(_directory);
        Examples =
        [
            new("torchyard down", "end the environment of the project in this directory"),
            new("torchyard down --time 60 ~/project", "give what runs in that project's environment a minute to end"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var project = invocation.Caller.FullPath(invocation.Get(_directory) ?? ".");
        var timeout = TimeOption.Read(invocation, _time);
        var store = invocation.Host.Containers();
        var containers = await ProjectContainers.InAsync(invocation.Host, project, cancellation);
        foreach (var container in containers)
        {
            await invocation.Host.Session(container).StopAsync(timeout, cancellation);
            // With --rm its monitor may have removed it by now.
            if ((await store.ListAsync(cancellation)).Any(c => c.Record.Id == container.Record.Id))
            {
                await store.RemoveAsync(container, cancellation);
            }

            invocation.Screen.Line($"{container.Record.Name} stopped and removed");
        }

        if (containers.Count == 0)
        {
            invocation.Screen.Line($"nothing is up in {project}");
        }

        return ExitCode.Done;
    }
}
