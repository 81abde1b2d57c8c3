using System.Runtime.InteropServices;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Logs;

/// <summary>Carries what a service prints into its log, and to those who follow it.</summary>
internal sealed class LogPipe : IDisposable
{
    private const int BufferSize = 32 << 10;

    private readonly EventLoop _loop;
    private readonly RotatingLog _log;
    private readonly Action<ReadOnlyMemory<byte>> _follow;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _reading;

    public unsafe LogPipe(EventLoop loop, RotatingLog log, Action<ReadOnlyMemory<byte>> follow)
    {
        _loop = loop;
        _log = log;
        _follow = follow;
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.OpenCloseOnExec) != 0)
        {
            throw PosixException.Last("pipe");
        }

        (_reading, Writing) = (ends[0], ends[1]);
        loop.Watch(_reading, Libc.PollIn, _ => Pump());
    }

    /// <summary>The end for the service; closed by <see cref="CloseWriting"/> once it was started.</summary>
    public int Writing { get; private set; }

    public void CloseWriting()
    {
        if (Writing >= 0)
        {
            Libc.Close(Writing);
        }

        Writing = -1;
    }

    /// <summary>Takes what is still in the pipe, without waiting for programs that the service left behind.</summary>
    public void Dispose()
    {
        CloseWriting();
        while (_reading >= 0 && HasData())
        {
            Pump();
        }

        CloseReading();
    }

    private unsafe bool HasData()
    {
        var descriptor = new Libc.PollDescriptor { Descriptor = _reading, Events = Libc.PollIn };
        return Libc.Poll(&descriptor, 1, 0) == 1 && (descriptor.Returned & Libc.PollIn) != 0;
    }

    private unsafe void Pump()
    {
        nint got;
        fixed (byte* buffer = _buffer)
        {
            got = Libc.Read(_reading, buffer, BufferSize);
        }

        if (got > 0)
        {
            _log.Write(_buffer.AsSpan(0, (int)got));
            _follow(_buffer.AsMemory(0, (int)got));
        }
        else if (got == 0 || Marshal.GetLastPInvokeError() is not (Libc.ErrorInterrupted or Libc.ErrorAgain))
        {
            CloseReading();
        }
    }

    private void CloseReading()
    {
        if (_reading < 0)
        {
            return;
        }

        _loop.Forget(_reading);
        Libc.Close(_reading);
        _reading = -1;
    }
}
