using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Starting;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard ssh</c>: becomes the host's ssh client, connected to an environment.</summary>
internal sealed class SshCommand : Verb, IStartsProgram
{
    private readonly Argument<string?> _container = new("NAME")
    {
        Description = "Name, id, or a project's directory (default: the environment of this directory)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string[]> _arguments = new("ARGUMENT")
    {
        Description = "Options and command for ssh",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _config = new("--config")
    {
        Description = "Print the environment's entry for ssh_config, instead of logging in",
    };
    private readonly Option<bool> _write = new("--write")
    {
        Description = "With --config: let ssh know all environments by name, by a line in ~/.ssh/config",
    };
    private readonly Option<bool> _remove = new("--remove") { Description = "With --config: take that line out again" };

    public SshCommand()
        : base("ssh", VerbGroup.Containers, "Log in to an environment with this machine's ssh client")
    {
        _container.CompletionSources.Add(ContainerNames.Complete);
        Options.Add(_config);
        Options.Add(_write);
        Options.Add(_remove);
        Arguments.Add(_container);
        Arguments.Add(_arguments);
        Details = """
            Becomes ssh, with the port, the key and the host key of the environment. The host key is
            compared with the one in the store, so the first login asks nothing and trusts nobody.

            Options stand before NAME; what is behind it belongs to ssh.

            Editors, scp and rsync start ssh themselves. With --config --write they find each environment
            by its name, NAME.torchyard, with port, key and host key: one line in ~/.ssh/config includes
            what the running environments of this store have written. An entry goes with its container.
            """;
        Examples =
        [
            new("torchyard ssh", "log in to the environment of this directory"),
            new("torchyard ssh train nvidia-smi", "run one command in the environment 'train'"),
            new("torchyard ssh --config --write", "from now on 'ssh train.torchyard' works, and so do scp, rsync and VS Code"),
            new("torchyard ssh --config train", "print the entry, to put it elsewhere"),
            new("torchyard ssh --config --remove", "take the line out of ~/.ssh/config"),
            new("torchyard ssh train -L 6006:localhost:6006", "also forward TensorBoard's port"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var access = new SshAccess(invocation.Host);
        var request = new SshRequest
        {
            Name = invocation.Get(_container),
            Arguments = invocation.Get(_arguments) ?? [],
            Config = invocation.Get(_config),
            Write = invocation.Get(_write),
            Remove = invocation.Get(_remove),
        };
        if (request.IsAboutSettings)
        {
            Show(await access.SettingsAsync(request, cancellation), request, invocation.Screen);
            return ExitCode.Done;
        }

        var (client, arguments) = await access.LoginAsync(request, cancellation);
        invocation.Screen.CloseProgress();
        throw SshLogin.Become(client, arguments, invocation.Caller.WorkingDirectory);
    }

    private static void Show(SshSettingsAnswer answer, SshRequest request, Screen screen)
    {
        if (answer.Entry is not { } entry)
        {
            screen.Line(answer.Changed ? $"took the line out of {answer.File}" : $"{answer.File} has no line of this store");
        }
        else if (request.Write)
        {
            screen.Line(answer.Changed ? $"wrote a line into {answer.File}" : $"{answer.File} has the line already");
            screen.Line($"ssh, scp, rsync and editors know it as {entry.Host}: ssh {entry.Host}");
        }
        else
        {
            screen.Line(entry.Text.TrimEnd('\n'));
        }
    }
}
