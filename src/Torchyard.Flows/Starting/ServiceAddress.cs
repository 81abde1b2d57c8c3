using System.Globalization;
using System.Net;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;

namespace Torchyard.Flows.Starting;

/// <summary>
/// How to reach a service from this machine. The address is the one that was chosen when the container was made, and is kept in its record:
/// what a container says about itself never decides where something is sent, or what a user is told to open.
/// </summary>
/// <param name="Connect">Address to connect to.</param>
/// <param name="Port">TCP port.</param>
/// <param name="Tls">It speaks TLS.</param>
/// <param name="BeyondLoopback">Other machines reach it too.</param>
internal sealed record ServiceAddress(string Connect, int Port, bool Tls, bool BeyondLoopback)
{
    private const string LabelStem = "torchyard.service.";

    /// <summary>The address as a URL.</summary>
    public Uri Url => new UriBuilder(Tls ? "https" : "http", Connect, Port).Uri;

    /// <summary>Label of a container that keeps the address that was chosen for a service.</summary>
    /// <param name="service">Name of the service.</param>
    /// <param name="listen">Address that it listens on.</param>
    /// <param name="port">Its port.</param>
    public static KeyValuePair<string, string> Label(string service, string listen, int port) =>
        new(LabelStem + service, new IPEndPoint(IPAddress.Parse(listen), port).ToString());

    /// <summary>True for the key of such a label.</summary>
    public static bool IsLabel(string key) => key.StartsWith(LabelStem, StringComparison.Ordinal);

    /// <summary>Name of the service that such a label is about.</summary>
    public static string ServiceOf(string key) => key[LabelStem.Length..];

    /// <summary>Where a service of a container was placed; null when it was started without.</summary>
    /// <param name="labels">Labels of the container.</param>
    /// <param name="service">Name of the service.</param>
    public static ServiceAddress? Of(IReadOnlyDictionary<string, string> labels, string service) =>
        labels.TryGetValue(LabelStem + service, out var text) && IPEndPoint.TryParse(text, out var place) && place.Port > 0
            // As the supervisor decides it: what other machines reach speaks TLS.
            ? Of(place, tls: service == "jupyter" && !IPAddress.IsLoopback(place.Address))
            : null;

    /// <summary>
    /// Where a service listens whose address nobody else chose, as in a container that <c>run</c> started; only on this machine, since the
    /// container says so itself.
    /// </summary>
    /// <param name="status">What the container says.</param>
    public static ServiceAddress? OnThisMachine(ServiceStatus? status) =>
        status is { Port: > 0 and <= IPEndPoint.MaxPort, Listen: { } listen }
        && IPAddress.TryParse(listen, out var address)
        && (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            ? Of(new IPEndPoint(address, status.Port.Value), status.Tls)
            : null;

    /// <summary>
    /// Where a service of a container of <c>run</c> is reached: on the machine's network as it says itself, on one of its own by a port
    /// that was published.
    /// </summary>
    /// <param name="record">The container.</param>
    /// <param name="status">What it says.</param>
    public static ServiceAddress? Reported(ContainerRecord record, ServiceStatus? status) =>
        record.Network == NetworkMode.Host ? OnThisMachine(status)
        : record.Ports.FirstOrDefault(port => port.Protocol == "tcp" && port.ContainerPort == status?.Port) is { } published
        && IPAddress.TryParse(published.HostAddress, out var address)
            ? Of(new IPEndPoint(address, published.HostPort), status!.Tls)
        : null;

    /// <summary><c>HOST:PORT</c>, with brackets for IPv6.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(Connect.Contains(':', StringComparison.Ordinal) ? $"[{Connect}]" : Connect)}:{Port}"
        );

    private static ServiceAddress Of(IPEndPoint place, bool tls)
    {
        var address = place.Address;
        // A service that listens everywhere is reached over loopback from here.
        var connect =
            address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : address;
        return new ServiceAddress(connect.ToString(), place.Port, tls, !IPAddress.IsLoopback(address));
    }
}
