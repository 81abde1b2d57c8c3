using System.Buffers;
using System.Runtime.InteropServices;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Control;

/// <summary>One client of the control socket. What it sends and what waits for it are bounded; who exceeds that is cut off.</summary>
internal sealed class ControlConnection
{
    /// <summary>Longest request line.</summary>
    public const int LongestLine = 16 << 10;

    private const int MostWaiting = 4 << 20;

    private readonly EventLoop _loop;
    private readonly int _socket;
    private readonly Action<ControlConnection, ReadOnlyMemory<byte>> _request;
    private readonly Action<ControlConnection> _closed;
    private readonly ArrayBufferWriter<byte> _waiting = new();
    private byte[] _line = new byte[1024];
    private int _length;
    private bool _closing;
    private bool _isClosed;

    public ControlConnection(
        EventLoop loop,
        int socket,
        Action<ControlConnection, ReadOnlyMemory<byte>> request,
        Action<ControlConnection> closed
    )
    {
        _loop = loop;
        _socket = socket;
        _request = request;
        _closed = closed;
        Listen();
    }

    /// <summary>The service whose new log lines it wants.</summary>
    public string? Follows { get; set; }

    /// <summary>Sends bytes, later if the client is slow.</summary>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (_isClosed)
        {
            return;
        }

        if (_waiting.WrittenCount == 0)
        {
            bytes = bytes[WriteSome(bytes)..];
        }

        if (_waiting.WrittenCount + bytes.Length > MostWaiting)
        {
            Close();
        }
        else if (!bytes.IsEmpty)
        {
            _waiting.Write(bytes);
            Listen();
        }
    }

    /// <summary>Closes it once everything is sent.</summary>
    public void CloseWhenSent()
    {
        _closing = true;
        if (_waiting.WrittenCount == 0)
        {
            Close();
        }
    }

    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        _loop.Forget(_socket);
        Libc.Close(_socket);
        _closed(this);
    }

    private void Listen() => _loop.Watch(_socket, (short)(Libc.PollIn | (_waiting.WrittenCount > 0 ? Libc.PollOut : 0)), Ready);

    private void Ready(short events)
    {
        if ((events & Libc.PollOut) != 0 && _waiting.WrittenCount > 0)
        {
            var rest = _waiting.WrittenSpan[WriteSome(_waiting.WrittenSpan)..].ToArray();
            _waiting.ResetWrittenCount();
            _waiting.Write(rest);
            if (_waiting.WrittenCount == 0 && _closing)
            {
                Close();
            }
            else if (!_isClosed)
            {
                Listen();
            }
        }

        if (!_isClosed && (events & ~Libc.PollOut) != 0)
        {
            Receive();
        }
    }

    private unsafe void Receive()
    {
        if (_length == _line.Length)
        {
            Array.Resize(ref _line, _line.Length * 2);
        }

        nint got;
        fixed (byte* at = &_line[_length])
        {
            got = Libc.Read(_socket, at, (nuint)(_line.Length - _length));
        }

        if (got < 0 && Marshal.GetLastPInvokeError() is Libc.ErrorAgain or Libc.ErrorInterrupted)
        {
            return;
        }

        if (got <= 0)
        {
            Close();
            return;
        }

        _length += (int)got;
        int end;
        while (!_isClosed && !_closing && (end = _line.AsSpan(0, _length).IndexOf((byte)'\n')) >= 0)
        {
            var line = _line.AsMemory(0, end).ToArray();
            _line.AsSpan(end + 1, _length - end - 1).CopyTo(_line);
            _length -= end + 1;
            _request(this, line);
        }

        if (_length >= LongestLine)
        {
            Close();
        }
    }

    private unsafe int WriteSome(ReadOnlySpan<byte> bytes)
    {
        var sent = 0;
        while (sent < bytes.Length)
        {
            nint written;
            fixed (byte* at = &bytes[sent])
            {
                written = Libc.Write(_socket, at, (nuint)(bytes.Length - sent));
            }

            if (written < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == Libc.ErrorInterrupted)
                {
                    continue;
                }

                if (error != Libc.ErrorAgain)
                {
                    Close();
                }

                break;
            }

            sent += (int)written;
        }

        return sent;
    }
}
