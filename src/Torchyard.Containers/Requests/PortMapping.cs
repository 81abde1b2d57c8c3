using System.Globalization;
using System.Net;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Requests;

/// <summary>A published port.</summary>
/// <param name="HostAddress">Address on the host; loopback unless the user named one.</param>
/// <param name="HostPort">Port on the host; 0 picks a free one.</param>
/// <param name="ContainerPort">Port inside.</param>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
public sealed record PortMapping(string HostAddress, int HostPort, int ContainerPort, string Protocol = "tcp")
{
    /// <summary>
    /// Reads <c>[[ADDRESS:]HOSTPORT:]PORT[/tcp|udp]</c> with ranges <c>8000-8003:8000-8003</c>; an IPv6 address stands in brackets.
    /// </summary>
    /// <exception cref="TorchyardException">TY4031: it cannot be read.</exception>
    public static IReadOnlyList<PortMapping> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        if (protocol is not ("tcp" or "udp"))
        {
            throw Wrong(text, $"'{protocol}' is not tcp or udp");
        }

        var rest = slash < 0 ? text : text[..slash];
        var address = "127.0.0.1";
        if (rest.StartsWith('['))
        {
            var end = rest.IndexOf("]:", StringComparison.Ordinal);
            address = end < 0 ? throw Wrong(text, "the bracket is not closed") : rest[1..end];
            rest = rest[(end + 2)..];
        }
        else if (rest.Count(c => c == ':') == 2)
        {
            var colon = rest.IndexOf(':', StringComparison.Ordinal);
            address = rest[..colon].Length == 0 ? address : rest[..colon];
            rest = rest[(colon + 1)..];
        }

        if (!IPAddress.TryParse(address, out var parsed))
        {
            throw Wrong(text, $"'{address}' is not an address");
        }

        var parts = rest.Split(':');
        if (parts.Length > 2)
        {
            throw Wrong(text, "it has too many colons; an IPv6 address stands in brackets");
        }

        var inside = Range(text, parts[^1], allowZero: false);
        var outside = parts.Length == 1 || parts[0].Length == 0 ? (First: 0, Last: 0) : Range(text, parts[0], allowZero: true);
        if (outside.First != 0 && outside.Last - outside.First != inside.Last - inside.First)
        {
            throw Wrong(text, "the two ranges differ in length");
        }

        return
        [
            .. Enumerable
                .Range(0, inside.Last - inside.First + 1)
                .Select(i => new PortMapping(parsed.ToString(), outside.First == 0 ? 0 : outside.First + i, inside.First + i, protocol)),
        ];
    }

    /// <summary>Refuses one port of the host for two ports inside. An address that stands for all addresses has each of them.</summary>
    /// <exception cref="TorchyardException">TY4087: two mappings have one host port.</exception>
    public static void RequireDistinct(IReadOnlyList<PortMapping> mappings)
    {
        ArgumentNullException.ThrowIfNull(mappings);
        for (var i = 0; i < mappings.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (mappings[i].Overlaps(mappings[j]))
                {
                    throw new TorchyardException(
                        "TY4087",
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"port {mappings[i].HostPort} of the host is published twice: {mappings[j]} and {mappings[i]}"
                        ),
                        "publish one of them on another port"
                    )
                    {
                        IsUsage = true,
                    };
                }
            }
        }
    }

    private bool Overlaps(PortMapping other)
    {
        if (HostPort == 0 || HostPort != other.HostPort || Protocol != other.Protocol)
        {
            return false;
        }

        IPAddress mine = IPAddress.Parse(HostAddress),
            its = IPAddress.Parse(other.HostAddress);
        // The wildcard of IPv6 has the addresses of IPv4, too (ipv6(7), IPV6_V6ONLY).
        return mine.Equals(its)
            || mine.Equals(IPAddress.IPv6Any)
            || its.Equals(IPAddress.IPv6Any)
            || (mine.AddressFamily == its.AddressFamily && (mine.Equals(IPAddress.Any) || its.Equals(IPAddress.Any)));
    }

    /// <summary><c>127.0.0.1:8888->8888/tcp</c>.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{new IPEndPoint(IPAddress.Parse(HostAddress), HostPort)}->{ContainerPort}/{Protocol}"
        );

    private static (int First, int Last) Range(string text, string range, bool allowZero)
    {
        var dash = range.IndexOf('-', StringComparison.Ordinal);
        var first = Port(text, dash < 0 ? range : range[..dash], allowZero);
        var last = dash < 0 ? first : Port(text, range[(dash + 1)..], allowZero: false);
        return last >= first ? (first, last) : throw Wrong(text, $"'{range}' runs backwards");
    }

    private static int Port(string text, string number, bool allowZero) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535 && (port > 0 || allowZero)
            ? port
            : throw Wrong(text, $"'{number}' is not a port");

    private static TorchyardException Wrong(string text, string why) =>
        new("TY4031", $"port '{text}' cannot be read: {why}", "write -p [ADDRESS:]HOSTPORT:PORT[/tcp], e.g. -p 8888:8888")
        {
            IsUsage = true,
        };
}
