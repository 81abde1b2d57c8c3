using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Torchyard.Containers.Sockets;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Network;

/// <summary>
/// Lives in a container's network namespace, without any of its files, and connects sockets there on request: a port comes in,
/// a connected socket goes out over SCM_RIGHTS. Ends with its channel.
/// </summary>
internal static class Connector
{
    /// <summary>Serves until the other side closes the channel.</summary>
    /// <param name="path">Socket of the relay.</param>
    public static void Run(string path)
    {
        LoopbackInterface.BringUp();
        using var channel = LocalSocket.ConnectAsync(path, CancellationToken.None).GetAwaiter().GetResult();
        channel.Blocking = true;
        SocketRights.Send(channel, "r"u8, -1);
        Span<byte> request = stackalloc byte[3];
        while (SocketRights.Receive(channel, request).Count == request.Length)
        {
            using var socket = Connect(BinaryPrimitives.ReadUInt16BigEndian(request), datagrams: request[2] == 1);
            SocketRights.Send(channel, socket is null ? "n"u8 : "y"u8, socket is null ? -1 : (int)socket.Handle);
        }
    }

    private static Socket? Connect(int port, bool datagrams)
    {
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            var socket = datagrams
                ? new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
                : new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(address, port);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
        }

        return null;
    }
}
