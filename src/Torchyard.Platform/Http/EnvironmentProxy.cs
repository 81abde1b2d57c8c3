using System.Net;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Http;

/// <summary>
/// The proxy that the environment names for an address: <c>https_proxy</c>, <c>http_proxy</c> or <c>all_proxy</c>, with <c>no_proxy</c>, in
/// lower case before upper case.
/// </summary>
/// <param name="environment">Looks up an environment variable.</param>
public sealed class EnvironmentProxy(Func<string, string?> environment) : IWebProxy
{
    /// <summary>True when this machine itself is never asked through a proxy, as most programs have it, though not apt.</summary>
    public bool LeavesOutLoopback { get; init; }

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

    /// <summary>The proxy of an address, with its login; null for none.</summary>
    public Uri? Find(Uri destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (IsExempt(destination.Host) || (LeavesOutLoopback && destination.IsLoopback))
        {
            return null;
        }

        var named = Variable($"{destination.Scheme}_proxy") ?? Variable("all_proxy");
        return
            named is null or ""
            || named.Equals("DIRECT", StringComparison.OrdinalIgnoreCase)
            || named.Equals("false", StringComparison.OrdinalIgnoreCase)
            ? null
            : Read(named);
    }

    /// <summary>Reads the address of a proxy as variables and apt's settings have it; null when it is none.</summary>
    public static Uri? Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var address = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
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
}
