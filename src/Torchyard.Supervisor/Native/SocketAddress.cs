using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Torchyard.Supervisor.Native;

/// <summary>A struct sockaddr of Linux (ip(7), ipv6(7), unix(7)).</summary>
internal sealed class SocketAddress
{
    /// <summary>Size of <c>sun_path</c> with its closing zero.</summary>
    private const int UnixPathSize = 108;

    private SocketAddress(int family, byte[] bytes)
    {
        Family = family;
        Bytes = bytes;
    }

    public int Family { get; }

    public byte[] Bytes { get; }

    /// <summary>An address and port; <c>localhost</c> is IPv4 loopback. Null when it is not an address.</summary>
    public static SocketAddress? Tcp(string host, int port)
    {
        if (!IPAddress.TryParse(host == "localhost" ? "127.0.0.1" : host, out var address))
        {
            return null;
        }

        var six = address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        var bytes = new byte[six ? 28 : 16];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)(six ? Libc.FamilyInet6 : Libc.FamilyInet));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)port);
        address.GetAddressBytes().CopyTo(bytes.AsSpan(six ? 8 : 4));
        return new SocketAddress(six ? Libc.FamilyInet6 : Libc.FamilyInet, bytes);
    }

    /// <summary>A path; null when it is too long for a socket.</summary>
    public static SocketAddress? Unix(string path)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length >= UnixPathSize)
        {
            return null;
        }

        var bytes = new byte[2 + name.Length + 1];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, Libc.FamilyUnix);
        name.CopyTo(bytes.AsSpan(2));
        return new SocketAddress(Libc.FamilyUnix, bytes);
    }

    /// <summary>True for an address that only this machine reaches.</summary>
    public static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>The address to connect to where a server listens on all of them.</summary>
    public static string ToConnect(string listen) =>
        listen switch
        {
            "0.0.0.0" or "" or "*" => "127.0.0.1",
            "::" => "::1",
            _ => listen,
        };

    /// <summary>Binds a socket for a moment: the port if it is free, a free one for port 0.</summary>
    /// <exception cref="PosixException">The port is taken, or may not be used.</exception>
    public static unsafe int FreePort(string listen, int port)
    {
        var address = Tcp(listen, port) ?? throw new PosixException(22, $"'{listen}' is not an address to listen on");
        var socket = Libc.Socket(address.Family, Libc.SocketStream | Libc.SocketCloseOnExec, 0);
        if (socket < 0)
        {
            throw PosixException.Last("socket");
        }

        try
        {
            var on = 1;
            _ = Libc.SetSocketOption(socket, Libc.LevelSocket, Libc.OptionReuseAddress, &on, sizeof(int));
            fixed (byte* bytes = address.Bytes)
            {
                if (Libc.Bind(socket, bytes, (uint)address.Bytes.Length) != 0)
                {
                    throw PosixException.Last($"cannot listen on {listen} port {port}");
                }

                var length = (uint)address.Bytes.Length;
                if (Libc.SocketName(socket, bytes, &length) != 0)
                {
                    throw PosixException.Last("getsockname");
                }
            }

            return BinaryPrimitives.ReadUInt16BigEndian(address.Bytes.AsSpan(2));
        }
        finally
        {
            Libc.Close(socket);
        }
    }
}
