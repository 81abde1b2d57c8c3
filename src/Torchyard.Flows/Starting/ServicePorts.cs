using System.Net;
using System.Net.Sockets;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Starting;

/// <summary>
/// The TCP ports of an environment's services on a host network, where other programs may listen. A service listens seconds after its port
/// was chosen; until this is disposed of, no other environment that starts meanwhile gets the same ports.
/// </summary>
internal sealed class ServicePorts : IDisposable
{
    private const int Tries = 50;

    // A name in the abstract namespace of unix(7) belongs to the network namespace, as the port does, and goes with the process.
    private readonly List<Socket> _held = [];

    /// <summary>
    /// The wanted port if it is free. If it is taken: the next free one, or an error when the user chose the port.
    /// Port 0 means any free one.
    /// </summary>
    /// <param name="service">Name for the error.</param>
    /// <param name="listen">Address to listen on.</param>
    /// <param name="wanted">The port to start from.</param>
    /// <param name="chosenByUser">True when the recipe names the port.</param>
    /// <exception cref="TorchyardException">TY4101 where the chosen port, or every port tried, is in use.</exception>
    public int Take(string service, IPAddress listen, int wanted, bool chosenByUser)
    {
        var isPromised = false;
        for (var attempt = 0; attempt <= Tries; attempt++)
        {
            var port = wanted == 0 ? AnyFree(listen) : wanted + attempt;
            if (port <= IPEndPoint.MaxPort)
            {
                // Held first: whoever held it until now may listen by the time it is looked at.
                var isHeld = Hold(port);
                if (IsFree(listen, port))
                {
                    if (isHeld)
                    {
                        return port;
                    }

                    isPromised = true;
                }
            }

            if (wanted != 0 && chosenByUser)
            {
                break;
            }
        }

        // No tool for ports shows what does not listen yet.
        throw isPromised
            ? new TorchyardException(
                "TY4101",
                $"port {wanted} on {listen} is promised to another environment, which is starting, so {service} cannot listen there",
                $"set another port under [services.{service}] in torchyard.toml; 0 takes any free one; 'grep torchyard-service-port "
                    + "/proc/net/unix' lists promised ports"
            )
            : new TorchyardException(
                "TY4101",
                $"port {wanted} on {listen} is in use, so {service} cannot listen there",
                $"stop what listens there ('ss -ltnp sport = :{wanted}' shows it), or set another port under [services.{service}] in "
                    + "torchyard.toml; 0 takes any free one"
            );
    }

    /// <summary>Lets go of the ports: the services listen, or will not.</summary>
    public void Dispose()
    {
        foreach (var name in _held)
        {
            name.Dispose();
        }
    }

    private bool Hold(int port)
    {
        var name = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            name.Bind(new UnixDomainSocketEndPoint($"\0torchyard-service-port-{port}"));
        }
        catch (SocketException failure)
        {
            name.Dispose();
            // Where the machine forbids such names, nothing is promised to anybody.
            return failure.SocketErrorCode is not SocketError.AddressAlreadyInUse;
        }

        _held.Add(name);
        return true;
    }

    private static int AnyFree(IPAddress listen)
    {
        using var any = new TcpListener(listen, 0);
        any.Start();
        return ((IPEndPoint)any.LocalEndpoint).Port;
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
