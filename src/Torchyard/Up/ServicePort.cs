using System.Net;
using System.Net.Sockets;
using Torchyard.Platform;

namespace Torchyard.Up;

/// <summary>Chooses the TCP ports of services on a host network, where another program may already listen.</summary>
internal static class ServicePort
{
    private const int Tries = 50;

    /// <summary>
    /// The wanted port if it is free. If it is taken: the next free one, or an error when the user chose the port.
    /// Port 0 means any free one.
    /// </summary>
    /// <param name="service">Name for the error.</param>
    /// <param name="listen">Address to listen on.</param>
    /// <param name="wanted">The port to start from.</param>
    /// <param name="chosenByUser">True when the recipe names the port.</param>
    /// <param name="taken">Ports that other services of the same start have got.</param>
    /// <exception cref="TorchyardException">TY4101 where the chosen port, or every port tried, is in use.</exception>
    public static int Choose(string service, IPAddress listen, int wanted, bool chosenByUser, IReadOnlySet<int> taken)
    {
        if (wanted == 0)
        {
            using var any = new TcpListener(listen, 0);
            any.Start();
            return ((IPEndPoint)any.LocalEndpoint).Port;
        }

        var last = chosenByUser ? wanted : Math.Min(wanted + Tries, IPEndPoint.MaxPort);
        for (var port = wanted; port <= last; port++)
        {
            if (!taken.Contains(port) && IsFree(listen, port))
            {
                return port;
            }
        }

        throw new TorchyardException(
            "TY4101",
            $"port {wanted} on {listen} is in use, so {service} cannot listen there",
            $"stop what listens there ('ss -ltnp sport = :{wanted}' shows it), or set another port under [services.{service}] in torchyard.toml; 0 takes any free one");
    }

    private static bool IsFree(IPAddress listen, int port)
    {
        using var socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        // As servers do, so that a port whose last connection is in TIME_WAIT counts as free.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            socket.Bind(new IPEndPoint(listen, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
    }
}
