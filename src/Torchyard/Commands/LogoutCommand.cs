using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Shipping;

namespace Torchyard.Commands;

/// <summary><c>torchyard logout</c>: forgets a login for a registry.</summary>
internal sealed class LogoutCommand : Verb
{
    private readonly Argument<string?> _registry = new("REGISTRY")
    {
        Description = "Its host (default: docker.io)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public LogoutCommand()
        : base("logout", VerbGroup.Store, "Forget a login for a registry")
    {
        Arguments.Add(_registry);
        Details = "Logins that podman or docker wrote are theirs, and stay; where there is one, it is said.";
        Examples = [new("torchyard logout ghcr.io", "forget the login")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var (registry, forgotten) = await new LoginFlow(invocation.Host).LogOutAsync(
            invocation.Get(_registry) ?? "docker.io",
            cancellation
        );
        invocation.Screen.Line(forgotten.Was ? $"logged out of {registry}" : $"there was no login for {registry} that Torchyard wrote");
        foreach (var file in forgotten.StillIn)
        {
            invocation.Screen.Progress.Warn($"{file} of another program has a login for {registry}, which Torchyard uses");
        }

        return ExitCode.Done;
    }
}
