using Torchyard.Mirror.Store;
using Torchyard.Mirror.Watching;

namespace Torchyard.Mirror.Upstreams;

/// <summary>The blobs that are being fetched: each once, however many ask for it.</summary>
/// <param name="store">Where they go.</param>
/// <param name="settings">How large they may be.</param>
/// <param name="counters">Counts them.</param>
/// <param name="stop">The end of the mirror.</param>
internal sealed class Fetches(MirrorStore store, MirrorSettings settings, Counters counters, CancellationToken stop)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ContentDigest, GrowingBlob> _running = [];
    private readonly HashSet<Task> _tasks = [];

    /// <summary>How many there are now.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Takes part in the fetch of a blob; begins it when nobody did.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="upstream">Where it is.</param>
    /// <returns>Null when it is in the store by now.</returns>
    public GrowingBlob? Join(ContentDigest digest, UpstreamRepository upstream)
    {
        lock (_gate)
        {
            if (_running.TryGetValue(digest, out var running) && running.TryJoin())
            {
                counters.Joined();
                return running;
            }

            // Looked for under the lock: a fetch leaves the list after its blob has its name.
            if (store.Blobs.SizeOf(digest) is not null)
            {
                return null;
            }

            var blob = new GrowingBlob(digest, upstream.Repository);
            blob.TryJoin();
            _running[digest] = blob;
            var task = Task.Run(() => RunAsync(blob, upstream), CancellationToken.None);
            _tasks.Add(task);
            task.ContinueWith(
                done =>
                {
                    lock (_gate)
                    {
                        _tasks.Remove(done);
                    }
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            return blob;
        }
    }

    /// <summary>Waits for the end of all, which are stopped.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_tasks);
        }
    }

    private async Task RunAsync(GrowingBlob blob, UpstreamRepository upstream)
    {
        var path = Path.Combine(store.Blobs.Temporary, $"fetch-{blob.Digest.FileName}");
        try
        {
            var connection = await upstream.ConnectAsync(stop);
            var expected = store.Repositories.SizeOf(upstream.Repository, blob.Digest);
            await new UpstreamBlob(connection, upstream.Name, blob, counters).FetchAsync(path, settings.LargestBlob, expected, stop);
            store.Blobs.Commit(path, blob.File, blob.Digest);
            store.Repositories.AddBlob(upstream.Repository, blob.Digest, blob.Length);
            Leave(blob);
            blob.Complete();
        }
        catch (Exception failure)
        {
            // Whatever it was: those who wait have to hear of it.
            if (failure is not OperationCanceledException)
            {
                counters.Failed(upstream.Registry);
                settings.Log($"{upstream.Repository}: {blob.Digest}: {failure.Message}");
            }

            Leave(blob);
            blob.Fail(failure);
        }
        finally
        {
            blob.Dispose();
        }
    }

    private void Leave(GrowingBlob blob)
    {
        lock (_gate)
        {
            _running.Remove(blob.Digest);
        }
    }
}
