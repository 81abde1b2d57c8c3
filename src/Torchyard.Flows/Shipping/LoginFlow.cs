using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Credentials;
using Torchyard.Registry.References;

namespace Torchyard.Flows.Shipping;

/// <summary>Keeps a login for a registry, once the registry took it; forgets it again.</summary>
internal sealed class LoginFlow(Host host)
{
    /// <summary>Most bytes of a password: a service account's JSON has 2 KB.</summary>
    internal const int LongestPassword = 64 << 10;

    /// <summary>Proves and keeps a login.</summary>
    /// <param name="registry">As the user names it.</param>
    /// <param name="user">User name.</param>
    /// <param name="password">Password or token; one line end behind it does not count.</param>
    /// <param name="plainHttp">The registry may be asked without TLS.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The registry, and the file; null where a helper keeps it.</returns>
    /// <exception cref="TorchyardException">TY6015: there is no password; TY6003: the registry refuses it; TY6012: it cannot be
    /// kept.</exception>
    public async Task<(string Registry, string? File)> LogInAsync(
        string registry,
        string user,
        string password,
        bool plainHttp,
        CancellationToken cancellation
    )
    {
        var name = ImageReference.ParseRegistry(registry);
        var secret =
            password.EndsWith("\r\n", StringComparison.Ordinal) ? password[..^2]
            : password.EndsWith('\n') ? password[..^1]
            : password;
        if (user.Length == 0 || user.Contains(':', StringComparison.Ordinal) || user.Any(char.IsControl))
        {
            throw Wrong($"'{user}' cannot be a user name");
        }

        if (secret.Length is 0 or > LongestPassword || secret.Contains('\0', StringComparison.Ordinal))
        {
            throw Wrong(secret.Length == 0 ? "the password on standard input is empty" : "what came on standard input is not a password");
        }

        var login = new RegistryLogin(user, secret);
        using var connection = await Registries.OpenAsync(host, name, repository: null, plainHttp, cancellation, login);
        if (!await connection.ProveAsync(cancellation))
        {
            host.Progress.Note($"{name} asks nobody for a login: whether it is right was not seen");
        }

        return (name, await Registries.Logins(host).AddAsync(name, login, cancellation));
    }

    /// <summary>Forgets a login.</summary>
    /// <returns>The registry, and what came of it.</returns>
    /// <exception cref="TorchyardException">TY6012.</exception>
    public async Task<(string Registry, ForgottenLogin Forgotten)> LogOutAsync(string registry, CancellationToken cancellation)
    {
        var name = ImageReference.ParseRegistry(registry);
        return (name, await Registries.Logins(host).RemoveAsync(name, cancellation));
    }

    private static TorchyardException Wrong(string what) =>
        new("TY6015", what, "write: torchyard login REGISTRY -u USER --password-stdin < FILE, or pipe a token into it") { IsUsage = true };
}
