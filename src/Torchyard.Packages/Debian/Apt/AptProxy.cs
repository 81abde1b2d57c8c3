using System.Net;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Debian.Apt;

/// <summary>
/// The proxy for each address: <c>Acquire::SCHEME::Proxy::HOST</c>, then <c>Acquire::SCHEME::Proxy</c> (for https also http's, as apt
/// does), then <c>https_proxy</c>/<c>http_proxy</c>/<c>all_proxy</c> with <c>no_proxy</c>. <c>DIRECT</c> stands for none.
/// </summary>
/// <param name="configuration">apt's settings.</param>
/// <param name="environment">Looks up an environment variable.</param>
internal sealed class AptProxy(AptConfiguration configuration, Func<string, string?> environment) : IWebProxy
{
    private readonly EnvironmentProxy _environment = new(environment);

    /// <inheritdoc />
    public ICredentials? Credentials
    {
        get => new ProxyLogin(Find);
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public Uri? GetProxy(Uri destination) =>
        Find(destination) is { } proxy ? new UriBuilder(proxy) { UserName = "", Password = "" }.Uri : null;

    /// <inheritdoc />
    public bool IsBypassed(Uri host) => Find(host) is null;

    private Uri? Find(Uri destination)
    {
        var own = configuration[$"Acquire::{destination.Scheme}::Proxy::{destination.Host}"];
        own ??= destination.Scheme == "https" ? configuration[$"Acquire::http::Proxy::{destination.Host}"] : null;
        own ??= configuration[$"Acquire::{destination.Scheme}::Proxy"];
        own ??= destination.Scheme == "https" ? configuration["Acquire::http::Proxy"] : null;
        return own is null or "" ? _environment.Find(destination)
            : own.Equals("DIRECT", StringComparison.OrdinalIgnoreCase) || own.Equals("false", StringComparison.OrdinalIgnoreCase) ? null
            : EnvironmentProxy.Read(own);
    }
}
