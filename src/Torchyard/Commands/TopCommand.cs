using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.State;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Naming;
using Torchyard.Machine.Gpus;

namespace Torchyard.Commands;

/// <summary><c>torchyard top</c>: what running containers use.</summary>
internal sealed class TopCommand : Verb
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Option<bool> _noStream = new("--no-stream") { Description = "Print one table and end" };
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories (default: all that run)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public TopCommand()
        : base("top", VerbGroup.Containers, "Show live what containers use, and who on this machine has which GPU")
    {
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Options.Add(_noStream);
        Options.Add(GlobalOptions.Json);
        Arguments.Add(_containers);
        Details = """
            100 % CPU is one CPU kept busy. A dash stands for what this machine does not count: without
            root it counts nothing unless cgroups are delegated. A container with several GPUs has
            a line for each; GPU % is the share of time with a kernel running. Ctrl-C ends it.

            Below are the GPUs of this machine and who has them since when: environments of all users, and
            processes that Torchyard has not started. Others see your login name, which GPUs you have, and
            the environment's name unless TORCHYARD_PRIVATE_NAMES=1 is set when it starts. With names of
            containers, these alone are shown.
            """;
        Examples =
        [
            new("torchyard top", "all running containers, every second"),
            new("torchyard top .", "the environment of this directory alone"),
            new("torchyard top --no-stream --json train", "one measurement of the container 'train' for a program"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var clock = invocation.Caller.Clock;
        var once = invocation.Get(_noStream) || invocation.Json || !invocation.Screen.OutputIsTerminal;
        var before = await SampleAsync(invocation, cancellation);
        while (true)
        {
            await Task.Delay(Interval, clock, cancellation);
            var now = await SampleAsync(invocation, cancellation);
            var all = (invocation.Get(_containers) ?? []).Length == 0;
            // A machine without a driver has nothing to ask.
            var machine = GpuOptions.Machine(invocation);
            var snapshot =
                now.Containers.Any(container => container.Record.Gpus.Count > 0) || (all && machine.HasDriver)
                    ? machine.ReadGpus()
                    : GpuSnapshot.None;
            var answer = new TopAnswer
            {
                Containers =
                [
                    .. now.Samples.Select(sample =>
                        TopRow.Of(
                            before.Samples.FirstOrDefault(b => b.Container.Record.Id == sample.Container.Record.Id),
                            sample,
                            snapshot.Gpus,
                            clock
                        )
                    ),
                ],
                Gpus = all ? new GpuOccupancy(invocation.Host).Of(snapshot, now.Containers) : [],
                GivenBack = all ? [.. now.Containers.Where(container => container.State.Stopped is not null).Select(GivenBackRow.Of)] : [],
            };
            if (!once)
            {
                // Cursor to the corner, clear what follows (ECMA-48 CUP and ED).
                invocation.Screen.Output.Write("\e[H\e[J");
            }

            invocation.Answer(answer, TopJson.Default.TopAnswer, _ => TopTables.Show(answer, clock.GetUtcNow(), invocation.Screen));
            if (once)
            {
                return ExitCode.Done;
            }

            invocation.Screen.Output.Flush();
            before = now;
        }
    }

    private async Task<Measurement> SampleAsync(Invocation invocation, CancellationToken cancellation)
    {
        var store = invocation.Host.Containers();
        var names = invocation.Get(_containers) ?? [];
        var containers =
            names.Length == 0
                ? await store.ListAsync(cancellation)
                : await Task.WhenAll(names.Select(name => new NamedContainers(invocation.Host).FindAsync(name, cancellation)));
        return new Measurement(
            containers,
            [
                .. containers
                    .Where(c => c.IsRunning)
                    .Select(c => new TopSample(c, invocation.Host.Session(c).Usage(), invocation.Caller.Clock.GetTimestamp())),
            ]
        );
    }

    /// <summary>The containers, and what those that run had used at a moment.</summary>
    private sealed record Measurement(IReadOnlyList<ContainerInfo> Containers, IReadOnlyList<TopSample> Samples);
}
