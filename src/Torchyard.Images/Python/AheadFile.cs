using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Python;

/// <summary>
/// One large file that may be decoded before its layer comes to it: straight into the mounted form, from where the layer reads it,
/// following as close as it likes. One thread decodes and a second one hashes and writes, since a large file is what a layer waits for
/// longest.
/// </summary>
/// <param name="urgency">See <see cref="IAheadWork.Urgency"/>.</param>
/// <param name="target">What it is decoded into.</param>
internal sealed class AheadFile(long urgency, IAheadTarget target) : IAheadWork, IDisposable
{
    private const int BufferSize = 256 * 1024;
    private const int BuffersBetween = 8;

    private readonly AheadTurn _turn = new();

    // Guards what follows, and is pulsed when it changes.
    private readonly object _changed = new();
    private SafeFileHandle? _file;
    private long _written;
    private bool _isFinished;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _stop;

    public long Urgency => urgency;

    public int Memory => 0;

    public bool TryStart(Action ended) => _turn.TryStart(Decode, ended);

    /// <summary>True when nobody decodes it: the layer itself has to.</summary>
    public bool TryTake() => _turn.TryTake();

    /// <summary>
    /// The content, as far as it is there; reading waits for more. Only when <see cref="TryTake"/> said no. Whether the whole was right is
    /// known after <see cref="Wait"/>.
    /// </summary>
    public Stream OpenFollowing() => new FollowingStream(this);

    /// <summary>Waits until the file is finished and was found right.</summary>
    public void Wait()
    {
        _turn.WaitForEnd();
        _failure?.Throw();
    }

    /// <summary>Stops the decoding and closes the file.</summary>
    public void Dispose()
    {
        _stop = true;
        _turn.Close();
        _file?.Dispose();
    }

    private void Decode()
    {
        try
        {
            var file = target.Create();
            lock (_changed)
            {
                _file = file;
            }

            var hash = DecodeInto(file);
            if (!_stop)
            {
                target.Finish(file, _written, hash);
            }
        }
#pragma warning disable CA1031 // Thrown where the layer reads the file.
        catch (Exception failed)
        {
            _failure = ExceptionDispatchInfo.Capture(failed);
        }
#pragma warning restore CA1031
        finally
        {
            lock (_changed)
            {
                _isFinished = true;
                Monitor.PulseAll(_changed);
            }
        }
    }

    private byte[] DecodeInto(SafeFileHandle file)
    {
        using var content = target.Open();
        using var decoded = new BlockingCollection<(byte[] Buffer, int Length)>(BuffersBetween);
        var writing = Task.Factory.StartNew(
            () => WriteAll(file, decoded),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        try
        {
            while (!_stop && !writing.IsCompleted)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
                var read = content.Read(buffer);
                decoded.Add((buffer, read));
                if (read == 0)
                {
                    break;
                }
            }
        }
        finally
        {
            decoded.CompleteAdding();
            Task.WaitAny(writing);
        }

        return writing.GetAwaiter().GetResult();
    }

    private byte[] WriteAll(SafeFileHandle file, BlockingCollection<(byte[] Buffer, int Length)> decoded)
    {
        using var hash = IncrementalHash.CreateHash(target.Algorithm);
        Exception? failure = null;
        foreach (var (buffer, length) in decoded.GetConsumingEnumerable())
        {
            try
            {
                if (failure is null)
                {
                    RandomAccess.Write(file, buffer.AsSpan(0, length), _written);
                    hash.AppendData(buffer, 0, length);
                    lock (_changed)
                    {
                        _written += length;
                        Monitor.PulseAll(_changed);
                    }
                }
            }
#pragma warning disable CA1031 // Thrown where the decoder ends; until then its buffers are taken, so that it does not wait for ever.
            catch (Exception failed)
            {
                failure = failed;
                _stop = true;
            }
#pragma warning restore CA1031
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return hash.GetHashAndReset();
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

/// <summary>What a file is decoded from and into.</summary>
internal interface IAheadTarget
{
    /// <summary>The hash that the content is checked with.</summary>
    HashAlgorithmName Algorithm { get; }

    /// <summary>Creates the file of the mounted form, for reading and writing.</summary>
    SafeFileHandle Create();

    /// <summary>Opens the decoded content.</summary>
    Stream Open();

    /// <summary>Checks what was written, and gives the file its owner and time.</summary>
    /// <param name="file">The file.</param>
    /// <param name="size">Bytes that were written.</param>
    /// <param name="hash">Their hash.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2501: it is not what RECORD says.</exception>
    void Finish(SafeFileHandle file, long size, byte[] hash);
}
