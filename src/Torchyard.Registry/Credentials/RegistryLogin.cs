namespace Torchyard.Registry.Credentials;

/// <summary>Who asks a registry, and by what secret. It never prints the secret.</summary>
/// <param name="user">User name, as the registry knows it.</param>
/// <param name="secret">Password or token.</param>
public sealed class RegistryLogin(string user, string secret)
{
    // What helpers and docker's file give as the user of an identity token.
    private const string TokenUser = "<token>";

    // What Azure's registries give as the user of one.
    private const string AzureUser = "00000000-0000-0000-0000-000000000000";

    /// <summary>User name.</summary>
    public string User { get; } = user;

    /// <summary>True when the secret is only good for getting a token, and never goes out as a password.</summary>
    public bool IsIdentityToken => User is TokenUser;

    /// <summary>True when a token is asked for with the secret in a form rather than with a password.</summary>
    internal bool IsRefreshToken => User is TokenUser or AzureUser;

    internal string Secret { get; } = secret;

    /// <summary>The login of an identity token.</summary>
    internal static RegistryLogin OfToken(string token) => new(TokenUser, token);

    /// <inheritdoc />
    public override string ToString() => User;
}
