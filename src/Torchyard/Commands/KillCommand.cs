using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.State;
using Torchyard.Flows.Naming;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary><c>torchyard kill</c>: sends a signal.</summary>
internal sealed class KillCommand : Verb
{
    private readonly Option<string> _signal = new("--signal", "-s")
    {
        Description = "Signal to send",
        HelpName = "SIGNAL",
        DefaultValueFactory = _ => "KILL",
    };
    private readonly Option<int?> _exec = new("--exec")
    {
        Description = "Send it to a program that was started with 'exec -d'",
        HelpName = "NUMBER",
    };
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories (with --exec by default the environment of this directory)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public KillCommand()
        : base("kill", VerbGroup.Containers, "Send a signal to the program of containers")
    {
        Options.Add(_signal);
        Options.Add(_exec);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Examples =
        [
            new("torchyard kill train", "end it at once"),
            new("torchyard kill --signal TERM --exec 1", "end what 'torchyard exec -d' started in this directory"),
            new("torchyard kill --signal USR1 train", "ask a training program that listens for it to write a checkpoint"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var text = invocation.Get(_signal)!;
        var signal = SignalNumbers.Parse(text)
            ?? throw new TorchyardException("TY4039", $"'{text}' is not a signal", "use a name such as TERM, or a number")
            {
                IsUsage = true,
            };
        var names = invocation.Get(_containers) ?? [];
        return await EachName.DoAsync(
            invocation,
            invocation.Get(_exec) is null ? EachName.Required(names, "kill") : EachName.OrProject(names),
            async name =>
            {
                var session = await new NamedContainers(invocation.Host).SessionAsync(name, cancellation);
                if (invocation.Get(_exec) is { } number)
                {
                    session.SignalDetached(number, signal);
                }
                else
                {
                    session.Signal(signal);
                }

                invocation.Screen.Line(name);
            }
        );
    }
}
