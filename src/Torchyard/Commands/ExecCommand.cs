using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;
using Torchyard.Platform;

namespace Torchyard.Commands;

/// <summary><c>torchyard exec</c>: another program in a running container.</summary>
internal sealed class ExecCommand : Verb, IStartsProgram
{
    private readonly Option<bool> _interactive = new("--interactive", "-i") { Description = "Pass standard input on" };
    private readonly Option<bool> _terminal = new("--tty", "-t") { Description = "Give the program a terminal" };
    private readonly Option<string?> _user = new("--user", "-u") { Description = "Run as USER[:GROUP]", HelpName = "USER" };
    private readonly Option<string?> _directory = new("--workdir", "-w") { Description = "Working directory inside", HelpName = "DIR" };
    private readonly Option<string[]> _environment = new("--env", "-e") { Description = "Set NAME=VALUE, or pass NAME on", HelpName = "NAME=VALUE" };
    private readonly Argument<string> _container = new("CONTAINER") { Description = "Name or id" };
    private readonly Argument<string[]> _command = new("COMMAND") { Description = "Program and arguments", Arity = ArgumentArity.OneOrMore };

    public ExecCommand()
        : base("exec", VerbGroup.Containers, "Run a program in a running container")
    {
        Options.Add(_interactive);
        Options.Add(_terminal);
        Options.Add(_user);
        Options.Add(_directory);
        Options.Add(_environment);
        _container.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_container);
        Arguments.Add(_command);
        Examples = [new("torchyard exec -it cpu bash", "a shell in the container")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var session = await invocation.SessionAsync(invocation.Get(_container)!, cancellation);
        using var signals = invocation.Interruption.TakeOver();
        try
        {
            return await session.ExecAsync(
                new ExecRequest
                {
                    Command = invocation.Get(_command)!,
                    Environment = RunOptions.Environment(invocation, invocation.Get(_environment) ?? []),
                    User = invocation.Get(_user),
                    WorkingDirectory = invocation.Get(_directory),
                    Interactive = invocation.Get(_interactive),
                    Terminal = invocation.Get(_terminal),
                },
                CancellationToken.None);
        }
        catch (TorchyardException failure) when (failure.Code is "TY4041" or "TY4042")
        {
            invocation.Screen.ErrorLine($"torchyard: {failure.Code}: {failure.Message}");
            return StartFailure.ExitCode(failure);
        }
    }
}
