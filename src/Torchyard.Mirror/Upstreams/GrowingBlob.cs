using Microsoft.Win32.SafeHandles;
using Torchyard.Mirror.Store;

namespace Torchyard.Mirror.Upstreams;

/// <summary>
/// A blob that is being fetched: one writes its file, and as many as want read it meanwhile. They are woken when bytes land. Its last byte
/// is held back until the digest is known to be right, so that nobody ever has all of a wrong blob and thinks that it is a right one.
/// </summary>
/// <param name="digest">Its digest.</param>
/// <param name="source">Which repository it is fetched for.</param>
internal sealed class GrowingBlob(ContentDigest digest, string source) : IDisposable
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = New();
    private SafeFileHandle? _file;
    private Exception? _failure;
    private long _length;
    private long? _total;
    private bool _isWhole;
    private int _holders = 1;

    /// <summary>Its digest.</summary>
    public ContentDigest Digest => digest;

    /// <summary>The repository whose registry is asked for it.</summary>
    public string Source => source;

    /// <summary>Bytes that are there.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <summary>Its file. There is one as soon as anything is known of it.</summary>
    public SafeFileHandle File => _file ?? throw new InvalidOperationException("nothing of it is known yet");

    /// <summary>Takes part in it: its file stays open until <see cref="Dispose"/>.</summary>
    /// <returns>False when it has ended, and nobody may any more.</returns>
    public bool TryJoin()
    {
        lock (_gate)
        {
            if (_holders == 0)
            {
                return false;
            }

            _holders++;
            return true;
        }
    }

    /// <summary>Waits until it is known how long it is, or that nobody says so.</summary>
    /// <returns>Its length; null when that is only known at its end.</returns>
    /// <exception cref="Exception">What ended it.</exception>
    public async Task<long?> TotalAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_file is not null && _failure is null)
                {
                    return _total;
                }

                ThrowIfFailed();
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>Waits until there is something to read.</summary>
    /// <param name="position">From which byte on.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>How many bytes there are from there on; 0 at the end of a blob that is whole.</returns>
    /// <exception cref="Exception">What ended it.</exception>
    public async ValueTask<long> AvailableAsync(long position, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                var readable = _isWhole ? _length : Math.Min(_length, (_total ?? long.MaxValue) - 1);
                if (position < readable || _isWhole)
                {
                    return Math.Max(0, readable - position);
                }

                ThrowIfFailed();
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>The registry answers.</summary>
    /// <param name="file">The file, with what an earlier run left of it.</param>
    /// <param name="length">Bytes of that.</param>
    /// <param name="total">Bytes in all; null when the registry does not say.</param>
    public void Begin(SafeFileHandle file, long length, long? total) => Change(() => (_file, _length, _total) = (file, length, total));

    /// <summary>More bytes are in the file.</summary>
    public void Grow(long length) => Change(() => _length = length);

    /// <summary>All of it is there and right.</summary>
    public void Complete() => Change(() => (_isWhole, _total) = (true, _length));

    /// <summary>It does not come.</summary>
    public void Fail(Exception failure) => Change(() => _failure = failure);

    /// <summary>Leaves it; the last one closes the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (--_holders == 0)
            {
                _file?.Dispose();
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            (changed, _changed) = (_changed, New());
        }

        changed.SetResult();
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new BlobFetchException(_failure);
        }
    }
}

/// <summary>A blob does not come from the registry that has it.</summary>
/// <param name="reason">Why.</param>
internal sealed class BlobFetchException(Exception reason) : Exception(reason.Message, reason);
