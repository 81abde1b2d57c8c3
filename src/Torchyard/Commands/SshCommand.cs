using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Up;

namespace Torchyard.Commands;

/// <summary><c>torchyard ssh</c>: becomes the host's ssh client, connected to an environment.</summary>
internal sealed class SshCommand : Verb, IStartsProgram
{
    private readonly Argument<string?> _container = new("NAME")
    {
        Description = "Environment (default: that of the project in this directory)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string[]> _arguments = new("ARGUMENT")
    {
        Description = "Options and command for ssh",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public SshCommand()
        : base("ssh", VerbGroup.Containers, "Log in to an environment with this machine's ssh client")
    {
        _container.CompletionSources.Add(ContainerNames.Complete);
        Arguments.Add(_container);
        Arguments.Add(_arguments);
        Details = """
            Becomes ssh, with the port, the key and the host key of the environment. The host key is
            compared with the one in the store, so the first login asks nothing and trusts nobody.
            """;
        Examples =
        [
            new("torchyard ssh", "log in to the environment of this directory"),
            new("torchyard ssh train nvidia-smi", "run one command in the environment 'train'"),
            new("torchyard ssh train -L 6006:localhost:6006", "also forward TensorBoard's port"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var container = await FindAsync(invocation, cancellation);
        var session = invocation.Session(container);
        var status = await SupervisorClient.StatusAsync(session.RunDirectory, cancellation);
        var address = ServiceAddress.Of(status?.Services.FirstOrDefault(service => service.Name == "ssh"))
            ?? throw new TorchyardException(
                "TY4107",
                $"{container.Record.Name} runs no SSH server",
                $"torchyard exec -it {container.Record.Name} bash starts a shell in it; [services.ssh] in torchyard.toml adds the server");
        var state = container.Record.Mounts.FirstOrDefault(mount => mount.Target == "/var/lib/torchyard")?.Source
            ?? throw new TorchyardException(
                "TY4108", $"{container.Record.Name} keeps no host key in the store", $"use ssh itself: ssh -p {address.Port} trainer@{address.Connect}");
        // Beside the directory that the programs inside see, so that they cannot change it.
        var knownHosts = Path.Combine(Path.GetDirectoryName(session.RunDirectory)!, "known_hosts");
        AtomicFile.WriteText(knownHosts, SshLogin.KnownHosts(state, container.Record.Name));
        var client = SshLogin.FindClient(invocation.Caller.Variable("PATH") ?? "");
        var keys = AccessKeys.Find(invocation.Caller.Home, invocation.Store);
        var arguments = SshLogin.Arguments(address, container.Record.Name, knownHosts, keys.PrivateKey, invocation.Get(_arguments) ?? []);
        invocation.Screen.CloseProgress();
        throw SshLogin.Become(client, arguments);
    }

    private async Task<ContainerInfo> FindAsync(Invocation invocation, CancellationToken cancellation)
    {
        var containers = invocation.Containers();
        if (invocation.Get(_container) is { } name)
        {
            return await containers.FindAsync(name, cancellation);
        }

        var project = Project.Of(invocation.Caller.WorkingDirectory, invocation.Store);
        return (await containers.FindByLabelAsync(ContainerLabels.Project, project.Directory, cancellation)).FirstOrDefault(found => found.IsRunning)
            ?? throw new TorchyardException(
                "TY4109", $"nothing is up in {project.Directory}", "torchyard up starts the environment; torchyard ssh NAME logs in to another");
    }
}
