using Torchyard.Flows.Hosts;
using Torchyard.Platform.Http;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Credentials;

namespace Torchyard.Flows.Shipping;

/// <summary>How flows reach registries: with the logins, the proxy and the authorities of the caller.</summary>
internal static class Registries
{
    /// <summary>Where logins of the caller are.</summary>
    public static CredentialPlaces Places(Host host) =>
        CredentialPlaces.Of(host.Caller.Variable, host.Caller.OwnHome, host.Caller.OwnDirectories, host.Caller.UserId);

    /// <summary>Logins of the caller.</summary>
    public static KnownLogins Logins(Host host) => new(Places(host));

    /// <summary>Opens a registry.</summary>
    /// <param name="host">Who asks.</param>
    /// <param name="registry">Its name.</param>
    /// <param name="repository">For which; null for none.</param>
    /// <param name="plainHttp">It may be asked without TLS.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="login">A login in place of known ones.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">As <see cref="RegistryConnection.OpenAsync"/>.</exception>
    public static Task<RegistryConnection> OpenAsync(
        Host host,
        string registry,
        string? repository,
        bool plainHttp,
        CancellationToken cancellation,
        RegistryLogin? login = null
    )
    {
        var settings = new RegistrySettings
        {
            Logins = Logins(host),
            Proxy = new EnvironmentProxy(host.Caller.Variable) { LeavesOutLoopback = true },
            PlainHttp = plainHttp,
        };
        // Pauses and ends of tokens are real time, also where a test's clock stands.
        return RegistryConnection.OpenAsync(
            registry,
            repository,
            settings with
            {
                Retry = settings.Retry with { Notes = new PauseNotes(host.Progress.Note, settings.Retry.Clock) },
            },
            login,
            cancellation
        );
    }
}
