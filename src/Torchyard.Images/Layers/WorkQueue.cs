namespace Torchyard.Images.Layers;

/// <summary>Runs pieces of work on a fixed number of threads, the most urgent first.</summary>
internal sealed class WorkQueue : IDisposable
{
    private readonly PriorityQueue<Action, (int Urgency, long Order)> _queue = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _available = new(0);
    private readonly Thread[] _threads;
    private long _order;
    private bool _closed;

    public WorkQueue(int threads)
    {
        _threads = new Thread[threads];
        for (var index = 0; index < threads; index++)
        {
            _threads[index] = new Thread(Work) { IsBackground = true, Name = "torchyard-build" };
            _threads[index].Start();
        }
    }

    /// <summary>Queues work.</summary>
    /// <param name="urgency">Lower comes first.</param>
    /// <param name="size">Among equals, larger comes first.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellation">Skips the work when it has not begun.</param>
    public Task<T> Run<T>(int urgency, long size, Func<T> work, CancellationToken cancellation)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _queue.Enqueue(Execute, (urgency, (-size << 20) + _order++));
        }

        _available.Release();
        return completion.Task;

        void Execute()
        {
            if (cancellation.IsCancellationRequested)
            {
                completion.SetCanceled(cancellation);
                return;
            }

            try
            {
                completion.SetResult(work());
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                completion.SetCanceled(cancellation);
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to whoever awaits the task.
            catch (Exception failure)
            {
                completion.SetException(failure);
            }
#pragma warning restore CA1031
        }
    }

    /// <summary>Waits for the work that has begun; what has not is dropped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _queue.Clear();
        }

        _available.Release(_threads.Length);
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _available.Dispose();
    }

    private void Work()
    {
        while (true)
        {
            _available.Wait();
            Action? work;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out work, out _))
                {
                    if (_closed)
                    {
                        return;
                    }

                    continue;
                }
            }

            work();
        }
    }
}
