using System.Collections.Concurrent;

namespace Torchyard.Registry.Pulling;

/// <summary>Memory for parts of layers on their way: as many as there are, for all layers together.</summary>
internal sealed class PartBuffers(int size, int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);
    private readonly ConcurrentBag<byte[]> _used = [];

    /// <summary>Bytes of a part.</summary>
    public int Size => size;

    /// <summary>Takes one when one is free; null else.</summary>
    public byte[]? TryTake() => _free.Wait(0) ? Make() : null;

    /// <summary>Takes one when one is free. Whoever holds one must not wait for another.</summary>
    public async Task<byte[]> TakeAsync(CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        return Make();
    }

    /// <summary>Gives one back.</summary>
    public void Return(byte[] buffer)
    {
        _used.Add(buffer);
        _free.Release();
    }

    /// <inheritdoc />
    public void Dispose() => _free.Dispose();

    private byte[] Make() => _used.TryTake(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(size);
}
