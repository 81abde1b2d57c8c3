using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Streams.Descriptors;

/// <summary>
/// The writing end of the pipe that is a program's standard input. Knows how much of what was written the program has read, so that the
/// rest can be given back to where it came from. Written by one thread at a time.
/// </summary>
/// <param name="pipe">The writing end, of which no other program has a copy.</param>
public sealed class PipeInput(SafePipeHandle pipe) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly EndEvent _end = new();
    private bool _prepared;
    private bool _closed;
    private long _written;
    private int _otherEnd = -1;

    /// <summary>Writes, and waits while the pipe is full.</summary>
    /// <returns>False when the program takes no more: it has closed its input, or it is over.</returns>
    public bool Write(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            nint count;
            lock (_gate)
            {
                if (_closed)
                {
                    return false;
                }

                if (!_prepared)
                {
                    ControlCalls.DoNotWait(Descriptor);
                    _prepared = true;
                }

                count = DescriptorCalls.Write(Descriptor, data);
                if (count < 0 && Errno.Last != Errno.TryAgain)
                {
                    return false;
                }

                _written += Math.Max(count, 0);
            }

            if (count >= 0)
            {
                data = data[(int)count..];
            }
            else if (DescriptorCalls.Wait(Descriptor, _end.Descriptor, DescriptorCalls.PollOut).Second)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Ends the input: the program reads what is left, then the end.</summary>
    public void Close()
    {
        _end.Set();
        lock (_gate)
        {
            if (!_closed)
            {
                _closed = true;
                // Shows at the program's end what it did not read, of which this process has no other trace then.
                _otherEnd = DescriptorCalls.OpenOtherEnd(Descriptor);
                pipe.Dispose();
            }
        }
    }

    /// <summary>Ends the input of a program that is over, and takes out of the pipe what nobody reads any more.</summary>
    /// <returns>Bytes that the program has read of what was written.</returns>
    public long TakeBack()
    {
        Close();
        lock (_gate)
        {
            if (_otherEnd >= 0)
            {
                var buffer = new byte[64 * 1024];
                nint count;
                while ((count = DescriptorCalls.Read(_otherEnd, buffer)) > 0)
                {
                    _written -= count;
                }

                _ = OpenCalls.Close(_otherEnd);
                _otherEnd = -1;
            }

            return _written;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        TakeBack();
        _end.Dispose();
    }

    private int Descriptor => (int)pipe.DangerousGetHandle();
}
