using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Wheels;

/// <summary>
/// One file that may be decoded before its layer comes to it: straight into the mounted form, from where the layer reads it, following the
/// decoder as close as it likes. Bytes can be read only after they were written and, at the end of the file, found right.
/// </summary>
/// <param name="size">Its size when decoded.</param>
/// <param name="create">Creates the file of the mounted form, for reading and writing.</param>
/// <param name="open">Opens the content, which writes itself into the created file as it is read.</param>
/// <param name="finish">Sets owner and time of the written file.</param>
internal sealed class AheadFile(long size, Func<SafeFileHandle> create, Func<SafeFileHandle, Stream> open, Action<SafeFileHandle> finish) : IDisposable
{
    private const int BufferSize = 256 * 1024;

    // Guards what follows, and is pulsed when it changes.
    private readonly object _changed = new();
    private SafeFileHandle? _file;
    private long _written;
    private bool _isFinished;
    private ExceptionDispatchInfo? _failure;
    private int _decoder;
    private volatile bool _stop;

    private enum Decoder
    {
        None,
        Layer,
        Ahead,
    }

    /// <summary>Bytes when decoded.</summary>
    public long Size => size;

    /// <summary>Decodes on a thread of its own, unless the layer came to it first: then false.</summary>
    /// <param name="ended">Called when it is done.</param>
    public bool TryStart(Action ended)
    {
        if (Claim(Decoder.Ahead) != Decoder.None)
        {
            return false;
        }

        new Thread(() =>
        {
            Decode();
            ended();
        })
        { IsBackground = true, Name = "torchyard-decode" }.Start();
        return true;
    }

    /// <summary>True when nobody decodes it: the layer itself has to.</summary>
    public bool TryTake() => Claim(Decoder.Layer) == Decoder.None;

    /// <summary>The content, as far as it is there; reading waits for more. Only when <see cref="TryTake"/> said no.</summary>
    public Stream OpenFollowing() => new FollowingStream(this);

    /// <summary>Waits until the file is finished as a whole.</summary>
    public void Wait()
    {
        WaitForEnd();
        _failure?.Throw();
    }

    /// <summary>Stops the decoding and closes the file.</summary>
    public void Dispose()
    {
        _stop = true;
        if (Claim(Decoder.Layer) == Decoder.Ahead)
        {
            WaitForEnd();
        }

        _file?.Dispose();
    }

    private Decoder Claim(Decoder who) => (Decoder)Interlocked.CompareExchange(ref _decoder, (int)who, (int)Decoder.None);

    private void WaitForEnd()
    {
        lock (_changed)
        {
            while (!_isFinished)
            {
                Monitor.Wait(_changed);
            }
        }
    }

    private void Decode()
    {
        try
        {
            var file = create();
            lock (_changed)
            {
                _file = file;
            }

            using var content = open(file);
            var buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
            for (int read; !_stop && (read = content.Read(buffer)) > 0;)
            {
                lock (_changed)
                {
                    _written += read;
                    Monitor.PulseAll(_changed);
                }
            }

            finish(file);
        }
        catch (Exception failed)
        {
            // Thrown where the layer reads the file.
            _failure = ExceptionDispatchInfo.Capture(failed);
        }
        finally
        {
            lock (_changed)
            {
                _isFinished = true;
                Monitor.PulseAll(_changed);
            }
        }
    }

    private int Read(Span<byte> buffer, long position)
    {
        int available;
        lock (_changed)
        {
            while (_written == position && !_isFinished)
            {
                Monitor.Wait(_changed);
            }

            available = (int)Math.Min(buffer.Length, _written - position);
        }

        if (available == 0)
        {
            _failure?.Throw();
            return 0;
        }

        return RandomAccess.Read(_file!, buffer[..available], position);
    }

    private sealed class FollowingStream(AheadFile file) : ForwardReadStream
    {
        private long _position;

        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(buffer, _position);
            _position += read;
            return read;
        }
    }
}
