using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Python;

/// <summary>
/// Hashes (SHA-256) what is written on a thread of its own, so that decoding goes on meanwhile. What is written is gathered, since handing
/// over each header of a tar would cost more than hashing it. At most a few buffers wait.
/// </summary>
internal sealed class BackgroundHash : IDisposable
{
    private const int BufferSize = 256 * 1024;
    private const int Waiting = 8;

    private readonly BlockingCollection<(byte[] Buffer, int Length)> _queue = new(Waiting);
    private byte[]? _buffer;
    private int _filled;
    private Task<Digest>? _hash;

    /// <summary>Bytes written so far.</summary>
    public long Count { get; private set; }

    public void Append(ReadOnlySpan<byte> data)
    {
        Count += data.Length;
        while (!data.IsEmpty)
        {
            _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
            var part = data[..Math.Min(data.Length, BufferSize - _filled)];
            part.CopyTo(_buffer.AsSpan(_filled));
            _filled += part.Length;
            data = data[part.Length..];
            if (_filled == BufferSize)
            {
                HandOver();
            }
        }
    }

    /// <summary>The digest of all that was written.</summary>
    public Digest Finish()
    {
        HandOver();
        _queue.CompleteAdding();
        return (_hash ?? Task.FromResult(Run())).GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        if (!_queue.IsAddingCompleted)
        {
            _queue.CompleteAdding();
        }

        _hash?.Wait();
        _queue.Dispose();
        if (_buffer is { } rented)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void HandOver()
    {
        if (_buffer is null)
        {
            return;
        }

        _hash ??= Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _queue.Add((_buffer, _filled));
        _buffer = null;
        _filled = 0;
    }

    private Digest Run()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (buffer, length) in _queue.GetConsumingEnumerable())
        {
            hash.AppendData(buffer, 0, length);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Digest.FromHash(hash.GetHashAndReset());
    }
}
