using System.Net;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Debian.Apt;

/// <summary>
/// The proxy for each address: <c>Acquire::SCHEME::Proxy::HOST</c>, then <c>Acquire::SCHEME::Proxy</c> (for https also http's, as apt
/// does), then <c>https_proxy</c>/<c>http_proxy</c>/<c>all_proxy</c> with <c>no_proxy</c>. <c>DIRECT</c> stands for none.
/// </summary>
/// <param name="configuration">apt's settings.</param>
/// <param name="environment">Looks up an environment variable.</param>
internal sealed class AptProxy(AptConfiguration configuration, Func<string, string?> environment) : IWebProxy
{
    /// <inheritdoc />
    public ICredentials? Credentials
    {
        get => new ProxyLogin(this);
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
        if (own is null or "")
        {
            if (IsExempt(destination.Host))
            {
                return null;
            }

            own = Variable($"{destination.Scheme}_proxy") ?? Variable("all_proxy");
        }

        if (
            own is null or ""
            || own.Equals("DIRECT", StringComparison.OrdinalIgnoreCase)
            || own.Equals("false", StringComparison.OrdinalIgnoreCase)
        )
        {
            return null;
        }

        var address = own.Contains("://", StringComparison.Ordinal) ? own : "http://" + own;
        return UrlText.TryRead(address.Replace("socks5h://", "socks5://", StringComparison.Ordinal), out var proxy) ? proxy : null;
    }

    private bool IsExempt(string host)
    {
        foreach (
            var entry in (Variable("no_proxy") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        )
        {
            var name = entry.TrimStart('*').TrimStart('.');
            if (
                entry == "*"
                || host.Equals(name, StringComparison.OrdinalIgnoreCase)
                || host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase)
            )
            {
                return true;
            }
        }

        return false;
    }

    private string? Variable(string name) => environment(name) is { Length: > 0 } lower ? lower : environment(name.ToUpperInvariant());

    private sealed class ProxyLogin(AptProxy proxy) : ICredentials
    {
        public NetworkCredential? GetCredential(Uri uri, string authType)
        {
            foreach (var scheme in new[] { "http", "https" })
            {
                if (proxy.Find(new Uri($"{scheme}://archive.invalid/")) is { UserInfo.Length: > 0 } found)
                {
                    var parts = found.UserInfo.Split(':', 2);
                    return new NetworkCredential(
                        Uri.UnescapeDataString(parts[0]),
                        parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : ""
                    );
                }
            }

            return null;
        }
    }
}
