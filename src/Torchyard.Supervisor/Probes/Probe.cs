using System.Runtime.InteropServices;
using System.Text;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Probes;

/// <summary>One check of a service, without blocking: connect, ask, read the first bytes of the answer.</summary>
internal sealed class Probe
{
    /// <summary>Longest time for a check.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly EventLoop _loop;
    private readonly Action<bool> _done;
    private readonly byte[] _request;
    private int _socket = -1;
    private bool _sent;
    private readonly List<byte> _answer = [];

    private Probe(EventLoop loop, byte[] request, Action<bool> done)
    {
        _loop = loop;
        _request = request;
        _done = done;
    }

    /// <summary>
    /// Begins a check; <paramref name="done"/> is called once, perhaps before this returns. Null when it is over already.
    /// </summary>
    public static Probe? Begin(EventLoop loop, Service service, Action<bool> done)
    {
        var check = service.Definition.Ready;
        switch (check.Kind)
        {
            case ProbeKind.None:
                done(true);
                return null;
            case ProbeKind.File:
                done(PosixFile.Exists(check.Path));
                return null;
            case ProbeKind.Unix:
                return Connect(loop, SocketAddress.Unix(check.Path), [], done);
            default:
                // Without a TLS library an HTTPS server can only be asked whether it accepts connections.
                var host = SocketAddress.ToConnect(service.Listen);
                var request =
                    check.Kind == ProbeKind.Http && !service.HasTls
                        ? Encoding.ASCII.GetBytes(
                            $"GET {check.Path} HTTP/1.0\r\nHost: localhost\r\nUser-Agent: torchyard-supervisor\r\n\r\n"
                        )
                        : [];
                return Connect(loop, SocketAddress.Tcp(host, service.Port ?? 0), request, done);
        }
    }

    /// <summary>Ends a check that takes too long, as failed.</summary>
    public void Abandon() => Finish(false);

    /// <summary>True when the bytes begin an HTTP answer with a status below 500 (RFC 9112, section 4).</summary>
    internal static bool IsGoodAnswer(ReadOnlySpan<byte> answer) =>
        answer.Length >= 12
        && answer.StartsWith("HTTP/1."u8)
        && answer[8] == ' '
        && answer[9] is >= (byte)'1' and <= (byte)'4'
        && char.IsAsciiDigit((char)answer[10])
        && char.IsAsciiDigit((char)answer[11]);

    private static unsafe Probe? Connect(EventLoop loop, SocketAddress? address, byte[] request, Action<bool> done)
    {
        var probe = new Probe(loop, request, done);
        if (
            address is null
            || (probe._socket = Libc.Socket(address.Family, Libc.SocketStream | Libc.SocketNonBlocking | Libc.SocketCloseOnExec, 0)) < 0
        )
        {
            done(false);
            return null;
        }

        int result;
        fixed (byte* bytes = address.Bytes)
        {
            result = Libc.Connect(probe._socket, bytes, (uint)address.Bytes.Length);
        }

        if (result != 0 && Marshal.GetLastPInvokeError() != Libc.ErrorInProgress)
        {
            probe.Finish(false);
            return null;
        }

        loop.Watch(probe._socket, Libc.PollOut, probe.Connected);
        return probe;
    }

    private unsafe void Connected(short events)
    {
        int error;
        var size = (uint)sizeof(int);
        if (Libc.SocketOption(_socket, Libc.LevelSocket, Libc.OptionError, &error, &size) != 0 || error != 0)
        {
            Finish(false);
            return;
        }

        if (_request.Length == 0)
        {
            Finish(true);
            return;
        }

        // A few dozen bytes always fit in the buffer of a new connection.
        if (!_sent && !PosixFile.WriteAll(_socket, _request))
        {
            Finish(false);
            return;
        }

        _sent = true;
        _loop.Watch(_socket, Libc.PollIn, Answered);
    }

    private unsafe void Answered(short events)
    {
        var buffer = stackalloc byte[64];
        var got = Libc.Read(_socket, buffer, 64);
        if (got < 0 && Marshal.GetLastPInvokeError() is Libc.ErrorAgain or Libc.ErrorInterrupted)
        {
            return;
        }

        for (var i = 0; i < got; i++)
        {
            _answer.Add(buffer[i]);
        }

        if (got <= 0 || _answer.Count >= 12)
        {
            Finish(IsGoodAnswer(CollectionsMarshal.AsSpan(_answer)));
        }
    }

    private void Finish(bool works)
    {
        if (_socket < 0)
        {
            return;
        }

        _loop.Forget(_socket);
        Libc.Close(_socket);
        _socket = -1;
        _done(works);
    }
}
