using System.Buffers;
using System.IO.Pipes;
using System.Text;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Platform.Processes;

/// <summary>
/// Reads what a program prints on one of its streams, up to a bound, and ends with the program: what it left running behind may hold the
/// pipe for ever.
/// </summary>
internal sealed class ProgramOutput
{
    private const int BufferSize = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _kept = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins to read on a thread of its own.</summary>
    /// <param name="from">A redirected stream, which this closes.</param>
    /// <param name="most">Bytes that are kept.</param>
    /// <param name="end">Said when the program is over.</param>
    /// <param name="overflow">Called once, when there are more.</param>
    public ProgramOutput(StreamReader from, int most, EndEvent end, Action overflow)
    {
        var pipe =
            from.BaseStream as PipeStream
            ?? throw new InvalidOperationException($"a redirected stream is a {from.BaseStream.GetType().Name} and no pipe");
        new Thread(() =>
        {
            try
            {
                Read(new DescriptorInputStream((int)pipe.SafePipeHandle.DangerousGetHandle()), most, end, overflow);
                _done.SetResult();
            }
            catch (Exception error)
            {
                _done.SetException(error);
            }
            finally
            {
                from.Dispose();
            }
        })
        {
            IsBackground = true,
            Name = "output",
        }.Start();
    }

    /// <summary>Ends when all is read.</summary>
    public Task Done => _done.Task;

    /// <summary>What was kept, as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(_kept.WrittenSpan);

    private void Read(DescriptorInputStream source, int most, EndEvent end, Action overflow)
    {
        var buffer = new byte[BufferSize];
        int count;
        while (source.Wait(end))
        {
            if ((count = source.Read(buffer)) == 0)
            {
                return;
            }

            if (_kept.WrittenCount + count > most)
            {
                // The pipe is closed, so that the program gets SIGPIPE even where nobody may kill it.
                overflow();
                return;
            }

            _kept.Write(buffer.AsSpan(0, count));
        }

        // The program is over: what is in the pipe now is the last of it.
        for (var left = source.Ready; left > 0 && _kept.WrittenCount < most; left -= count)
        {
            if ((count = source.Read(buffer.AsSpan(0, Math.Min(left, BufferSize)))) == 0)
            {
                return;
            }

            _kept.Write(buffer.AsSpan(0, Math.Min(count, most - _kept.WrittenCount)));
        }
    }
}
