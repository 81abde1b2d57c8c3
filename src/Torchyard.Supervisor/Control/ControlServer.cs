using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Control;

/// <summary>The control socket: lines of JSON in both directions; docs/supervisor.md describes them.</summary>
internal sealed class ControlServer : IDisposable
{
    private const int MostConnections = 64;

    private readonly EventLoop _loop;
    private readonly Action<ControlConnection, ReadOnlyMemory<byte>> _request;
    private readonly HashSet<ControlConnection> _connections = [];
    private int _socket;

    /// <summary>Listens on a path that only the container's user (and root) can open.</summary>
    public unsafe ControlServer(EventLoop loop, string path, Action<ControlConnection, ReadOnlyMemory<byte>> request)
    {
        _loop = loop;
        _request = request;
        var address = SocketAddress.Unix(path) ?? throw new PosixException(36, "cannot listen on " + path);
        _socket = Libc.Socket(Libc.FamilyUnix, Libc.SocketStream | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, 0);
        Libc.Unlink(path);
        var mask = Libc.SetUmask(0b001_111_111);
        int bound;
        fixed (byte* bytes = address.Bytes)
        {
            bound = Libc.Bind(_socket, bytes, (uint)address.Bytes.Length);
        }

        var failure = bound != 0 || Libc.Listen(_socket, MostConnections) != 0 ? PosixException.Last("cannot listen on " + path) : null;
        _ = Libc.SetUmask(mask);
        if (failure is not null)
        {
            Libc.Close(_socket);
            throw failure;
        }

        loop.Watch(_socket, Libc.PollIn, _ => Accept());
    }

    public IReadOnlyCollection<ControlConnection> Connections => _connections;

    public void Dispose()
    {
        if (_socket < 0)
        {
            return;
        }

        _loop.Forget(_socket);
        Libc.Close(_socket);
        _socket = -1;
        foreach (var connection in _connections.ToArray())
        {
            connection.Close();
        }
    }

    private unsafe void Accept()
    {
        var accepted = Libc.Accept(_socket, null, null, Libc.SocketNonBlocking | Libc.SocketCloseOnExec);
        if (accepted < 0)
        {
            return;
        }

        if (_connections.Count >= MostConnections)
        {
            Libc.Close(accepted);
            return;
        }

        _connections.Add(new ControlConnection(_loop, accepted, _request, connection => _connections.Remove(connection)));
    }
}
