using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Shipping;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary><c>torchyard login</c>: keeps a login for a registry.</summary>
internal sealed class LoginCommand : Verb
{
    private const string Cure = "write: torchyard login REGISTRY -u USER --password-stdin < FILE, or pipe a token into it";

    private readonly Argument<string?> _registry = new("REGISTRY")
    {
        Description = "Its host (default: docker.io)",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _user = new("--username", "-u") { Description = "Who you are there", HelpName = "USER" };
    private readonly Option<bool> _standardInput = new("--password-stdin")
    {
        Description = "Read the password or token from standard input",
    };
    private readonly Option<bool> _plain = PlainHttpOption.Create();

    public LoginCommand()
        : base("login", VerbGroup.Store, "Keep a login for a registry")
    {
        Arguments.Add(_registry);
        Options.Add(_user);
        Options.Add(_standardInput);
        Options.Add(_plain);
        Details = """
            The registry is asked first whether it takes the login. It is kept by the helper that docker's
            config.json names for the registry (credHelpers, credsStore), else in a file that only you can
            read; 'torchyard logout' takes it away. Logins of podman and docker are used as they are,
            without this command.

            On a terminal it asks for what is not named, and shows nothing of the password. A password
            never stands on a command line, where every user of the machine could read it.
            """;
        Examples =
        [
            new("torchyard login ghcr.io -u me", "at a terminal, which asks for the password"),
            new("torchyard login ghcr.io -u me --password-stdin", "with a token behind '<', or from a pipe"),
            new("torchyard login nvcr.io -u '$oauthtoken' --password-stdin", "NVIDIA's registry"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var user = invocation.Get(_user)
            ?? (invocation.Get(_standardInput) ? null : await invocation.Screen.AskTextAsync("User: ", cancellation))
            ?? throw new TorchyardException("TY6015", "there is no user name", Cure) { IsUsage = true };
        var password = invocation.Get(_standardInput)
            ? await invocation.Screen.ReadPipedAsync(LoginFlow.LongestPassword, cancellation)
            : await invocation.Screen.AskHiddenAsync("Password or token, which is not shown: ", cancellation)
                ?? throw new TorchyardException("TY6015", "there is no password", Cure) { IsUsage = true };
        var (registry, file) = await new LoginFlow(invocation.Host).LogInAsync(
            invocation.Get(_registry) ?? "docker.io",
            user,
            password,
            invocation.Get(_plain),
            cancellation
        );
        invocation.Screen.Line($"logged in to {registry} as {user}");
        if (file is not null)
        {
            invocation.Screen.Progress.Warn($"the password is in {file}, readable for you alone, but not encrypted");
        }

        return ExitCode.Done;
    }
}
