using System.Globalization;
using System.Net;
using Torchyard.Containers.Sessions;

namespace Torchyard.Up;

/// <summary>How to reach a service from this machine.</summary>
/// <param name="Connect">Address to connect to.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Tls">It speaks TLS.</param>
/// <param name="BeyondLoopback">Other machines reach it too.</param>
internal sealed record ServiceAddress(string Connect, int Port, bool Tls, bool BeyondLoopback)
{
    /// <summary>The address as a URL.</summary>
    public Uri Url => new UriBuilder(Tls ? "https" : "http", Connect, Port).Uri;

    /// <summary>Where a service can be reached, or null when it listens nowhere.</summary>
    public static ServiceAddress? Of(ServiceStatus? status)
    {
        if (status is not { Port: { } port, Listen: { } listen } || !IPAddress.TryParse(listen, out var address))
        {
            return null;
        }

        // A service that listens everywhere is reached over loopback from here.
        var connect = address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;
        return new ServiceAddress(connect.ToString(), port, status.Tls, !IPAddress.IsLoopback(address));
    }

    /// <summary><c>HOST:PORT</c>, with brackets for IPv6.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(Connect.Contains(':', StringComparison.Ordinal) ? $"[{Connect}]" : Connect)}:{Port}");
}
