using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.State;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary><c>torchyard kill</c>: sends a signal.</summary>
internal sealed class KillCommand : Verb
{
    private readonly Option<string> _signal = new("--signal", "-s") { Description = "Signal to send", HelpName = "SIGNAL", DefaultValueFactory = _ => "KILL" };
    private readonly Argument<string[]> _containers = new("CONTAINER") { Description = "Names or ids", Arity = ArgumentArity.OneOrMore };

    public KillCommand()
        : base("kill", VerbGroup.Containers, "Send a signal to the program of containers")
    {
        Options.Add(_signal);
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_containers);
        Examples =
        [
            new("torchyard kill train", "end it at once"),
            new("torchyard kill --signal USR1 train", "ask a training program that listens for it to write a checkpoint"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var text = invocation.Get(_signal)!;
        var signal = SignalNumbers.Parse(text)
            ?? throw new TorchyardException("TY4039", $"'{text}' is no signal", "use a name such as TERM, or a number") { IsUsage = true };
        foreach (var name in invocation.Get(_containers)!)
        {
            (await invocation.SessionAsync(name, cancellation)).Signal(signal);
            invocation.Screen.Line(name);
        }

        return ExitCode.Done;
    }
}
