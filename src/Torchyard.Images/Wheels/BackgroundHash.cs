using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Torchyard.Images.Wheels;

/// <summary>Hashes what is written on a thread of its own, so that decoding goes on meanwhile. At most a few buffers wait.</summary>
/// <param name="algorithm">The hash.</param>
internal sealed class BackgroundHash(HashAlgorithmName algorithm) : IDisposable
{
    private const int Waiting = 8;

    private readonly BlockingCollection<(byte[] Buffer, int Length)> _queue = new(Waiting);
    private Task<byte[]>? _hash;

    /// <summary>Bytes written so far.</summary>
    public long Count { get; private set; }

    public void Append(ReadOnlySpan<byte> data)
    {
        _hash ??= Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(buffer);
        _queue.Add((buffer, data.Length));
        Count += data.Length;
    }

    /// <summary>The hash of all that was written.</summary>
    public byte[] Finish()
    {
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
    }

    private byte[] Run()
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        foreach (var (buffer, length) in _queue.GetConsumingEnumerable())
        {
            hash.AppendData(buffer, 0, length);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return hash.GetHashAndReset();
    }
}
