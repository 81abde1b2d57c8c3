using System.Net.Sockets;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Network;

/// <summary>Brings <c>lo</c> up; a new network namespace has it down, and not every runtime does it.</summary>
internal static unsafe class LoopbackInterface
{
    private const nuint GetFlags = 0x8913;
    private const nuint SetFlags = 0x8914;
    private const short Up = 1;

    /// <summary>struct ifreq: 16 bytes of name, then a union of 24.</summary>
    private const int RequestSize = 40;

    /// <summary>Brings it up in the network namespace of this process (netdevice(7)).</summary>
    public static void BringUp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var request = stackalloc byte[RequestSize];
        new Span<byte>(request, RequestSize).Clear();
        "lo"u8.CopyTo(new Span<byte>(request, RequestSize));
        if (ControlCalls.Device((int)socket.Handle, GetFlags, request) != 0)
        {
            throw new IOException($"SIOCGIFFLAGS lo: {Errno.Text(Errno.Last)}");
        }

        if ((*(short*)(request + 16) & Up) == 0)
        {
            *(short*)(request + 16) |= Up;
            if (ControlCalls.Device((int)socket.Handle, SetFlags, request) != 0)
            {
                throw new IOException($"SIOCSIFFLAGS lo: {Errno.Text(Errno.Last)}");
            }
        }
    }
}
