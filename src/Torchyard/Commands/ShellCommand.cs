using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Flows.Naming;
using Torchyard.Flows.Running;

namespace Torchyard.Commands;

/// <summary><c>torchyard shell</c>: a login shell in an environment.</summary>
internal sealed class ShellCommand : Verb
{
    private readonly Option<string?> _user = new("--user", "-u") { Description = "Log in as USER[:GROUP]", HelpName = "USER" };
    private readonly Argument<string?> _container = new("CONTAINER")
    {
        Description = "Name, id, or a project's directory (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public ShellCommand()
        : base("shell", VerbGroup.Containers, "Open a login shell in an environment")
    {
        Options.Add(_user);
        _container.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_container);
        Details = """
            As 'torchyard ssh', without an SSH server: the image's user, in the directory where its
            programs run, which is /workspace in a project. Closing the terminal ends what runs in the
            shell; start what shall outlive it in tmux, or with 'torchyard exec -d'.
            """;
        Examples =
        [
            new("torchyard shell", "in the environment of this directory"),
            new("torchyard shell -u root train", "as root in the container 'train'"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var session = await new NamedContainers(invocation.Host).SessionAsync(invocation.Get(_container), cancellation);
        using var signals = invocation.Interruption.TakeOver();
        return await session.ExecAsync(LoginShell.Request(ProcessSyntax.User(invocation.Get(_user))), CancellationToken.None);
    }
}
