using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Naming;
using Torchyard.Jobs.Slurm;

namespace Torchyard.Commands;

/// <summary><c>torchyard stop</c>: ends containers in order.</summary>
internal sealed class StopCommand : Verb
{
    private readonly Option<int?> _time = TimeOption.Create();
    private readonly Option<string?> _job = JobOption.Create("Cancel this job of the cluster");
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public StopCommand()
        : base("stop", VerbGroup.Containers, "Stop containers: ask, wait, then kill")
    {
        Options.Add(_time);
        Options.Add(_job);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Details = "What was stopped is there still: 'torchyard start' starts it again. 'torchyard down' also removes it.";
        Examples =
        [
            new("torchyard stop", "the environment of this directory"),
            new("torchyard stop --job 4711", "a job: its program gets SIGTERM first"),
            new("torchyard stop --time 120 train", "ask it to end, and kill it when it still runs after two minutes"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (invocation.Get(_job) is { } job)
        {
            JobOption.Alone(invocation.Get(_containers) is null or [] && invocation.Get(_time) is null, "a container or a time");
            await new SlurmClient().CancelAsync(job, cancellation);
            invocation.Screen.Line(job);
            return ExitCode.Done;
        }

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
