using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Network;

/// <summary>Checks that host ports are free and picks one where none was named.</summary>
internal static class PortReservation
{
    /// <summary>The mappings with every host port known.</summary>
    /// <exception cref="TorchyardException">TY4050: a port is in use; the holder is named when it can be seen.</exception>
    public static IReadOnlyList<PortMapping> Choose(IReadOnlyList<PortMapping> wanted)
    {
        var result = new List<PortMapping>(wanted.Count);
        // All are held until the last is known, so that two picks differ.
        var held = new List<Socket>();
        try
        {
            foreach (var mapping in wanted)
            {
                var socket = Bind(mapping);
                held.Add(socket);
                if (mapping.Protocol == "tcp")
                {
                    // Two sockets may be bound to one port; only one of them can listen.
                    Listen(socket, mapping);
                }

                result.Add(mapping with { HostPort = ((IPEndPoint)socket.LocalEndPoint!).Port });
            }
        }
        finally
        {
            held.ForEach(s => s.Dispose());
        }

        return result;
    }

    /// <summary>A bound socket for a mapping; a TCP one does not listen yet.</summary>
    public static Socket Bind(PortMapping mapping)
    {
        var address = IPAddress.Parse(mapping.HostAddress);
        var socket =
            mapping.Protocol == "udp"
                ? new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
                : new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, mapping.HostPort));
            return socket;
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw Refused(mapping, error);
        }
    }

    /// <summary>Has a socket of <see cref="Bind"/> listen.</summary>
    /// <exception cref="TorchyardException">TY4050: the port is in use.</exception>
    public static void Listen(Socket socket, PortMapping mapping)
    {
        try
        {
            socket.Listen(128);
        }
        catch (SocketException error)
        {
            throw Refused(mapping, error);
        }
    }

    private static TorchyardException Refused(PortMapping mapping, SocketException error) =>
        error.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => new TorchyardException(
                "TY4050",
                $"port {mapping.HostPort} on {mapping.HostAddress} is in use{Holder(mapping)}",
                "publish another port, e.g. -p "
                    + string.Create(CultureInfo.InvariantCulture, $"{mapping.HostPort + 1}:{mapping.ContainerPort}")
                    + ", or stop the other program",
                error
            ),
            SocketError.AccessDenied => new TorchyardException(
                "TY4051",
                $"port {mapping.HostPort} is below the ports that an ordinary user may open",
                "publish a port from 1024 on",
                error
            ),
            _ => new TorchyardException(
                "TY4052",
                $"cannot listen on {mapping.HostAddress} port {mapping.HostPort}: {error.Message}",
                "name an address of this machine",
                error
            ),
        };

    private static string Holder(PortMapping mapping)
    {
        foreach (var table in new[] { "/proc/net/" + mapping.Protocol, "/proc/net/" + mapping.Protocol + "6" })
        {
            if (SocketHolder.Find(table, mapping.HostPort) is { } holder)
            {
                return $" by {holder}";
            }
        }

        return "";
    }
}
