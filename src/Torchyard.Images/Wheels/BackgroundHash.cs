using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Torchyard.Platform;

namespace Torchyard.Images.Wheels;

/// <summary>Hashes what is written on a thread of its own, so that decoding goes on meanwhile. At most a few buffers wait.</summary>
internal sealed class BackgroundHash : IDisposable
{
    private const int Waiting = 8;

    private readonly BlockingCollection<(byte[] Buffer, int Length)> _queue = new(Waiting);
    private readonly Task<byte[]> _hash;

    public BackgroundHash() => _hash = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Bytes written so far.</summary>
    public long Count { get; private set; }

    public void Append(ReadOnlySpan<byte> data)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(buffer);
        _queue.Add((buffer, data.Length));
        Count += data.Length;
    }

    /// <summary>Digest of all that was written.</summary>
    public Digest Finish()
    {
        _queue.CompleteAdding();
        return Digest.FromHash(_hash.GetAwaiter().GetResult());
    }

    public void Dispose()
    {
        if (!_queue.IsAddingCompleted)
        {
            _queue.CompleteAdding();
        }

        _hash.Wait();
        _queue.Dispose();
    }

    private byte[] Run()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (buffer, length) in _queue.GetConsumingEnumerable())
        {
            hash.AppendData(buffer, 0, length);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return hash.GetHashAndReset();
    }
}
