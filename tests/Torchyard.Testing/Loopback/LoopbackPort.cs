using System.Net;
using System.Net.Sockets;

namespace Torchyard.Testing.Loopback;

/// <summary>Ports of 127.0.0.1.</summary>
public static class LoopbackPort
{
    /// <summary>A port that nobody had a moment ago.</summary>
    public static int Free()
    {
        using var listener = Taken(out var port);
        return port;
    }

    /// <summary>A port that is in use until the listener ends.</summary>
    public static TcpListener Taken(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }
}
