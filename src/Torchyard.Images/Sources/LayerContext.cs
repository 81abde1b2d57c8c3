using System.Collections.Concurrent;
using System.Globalization;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Timings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Sources;

/// <summary>
/// What sources make their layers with: one for each build. Work that it was told of has ended when it is disposed of, whatever became of
/// the build: the build's directory goes next, and work that still ran there would lose files under its hands.
/// </summary>
internal sealed class LayerContext : IAsyncDisposable
{
    /// <summary>Urgency of packing; what others wait for is more urgent, and counts from 0.</summary>
    internal const int PackUrgency = 1000;

    private readonly ConcurrentBag<Task> _started = [];
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentStack<IDisposable> _owned = [];

    // Layers move to their final place only when no overlay is mounted over them any more.
    private readonly ConcurrentBag<(Digest Key, PackedLayer Layer, string Root, Action Complete)> _finished = [];
    private readonly ConcurrentDictionary<Digest, TaskCompletionSource<string>> _files = [];
    private IProgressTask? _work;
    private int _number;

    /// <summary>The lock.</summary>
    public required RecipeLock Locked { get; init; }

    /// <summary>The store.</summary>
    public required StorePaths Store { get; init; }

    /// <summary>Gets the blobs.</summary>
    public required OciLayout Layout { get; init; }

    /// <summary>Finished layers.</summary>
    public required LayerCache Cache { get; init; }

    /// <summary>Runs programs over the layers below.</summary>
    public required IRootSandbox Sandbox { get; init; }

    /// <summary>Runs what takes the processor.</summary>
    public required WorkQueue Queue { get; init; }

    /// <summary>The build's directory, on the store's file system.</summary>
    public required string Directory { get; init; }

    /// <summary>Receives what the work took.</summary>
    public required BuildTimings Timings { get; init; }

    /// <summary>Receives how far the work is.</summary>
    public required IProgressSink Progress { get; init; }

    /// <summary>Ends the work. Cancelled when the context is disposed of.</summary>
    public required CancellationTokenSource Abort { private get; init; }

    /// <summary>Ends the work.</summary>
    public CancellationToken Cancellation => Abort.Token;

    /// <summary>True when nothing is decided by what came of a file before the whole file was there and checked.</summary>
    public bool PlansWithWholeFiles { get; init; }

    /// <summary>Fails as soon as something that was started fails, with the first failure; it never ends otherwise.</summary>
    public Task Failure => _failed.Task;

    /// <summary>When the build began by the clock that stamps the files, the kernel's: what was written since gets a fixed time.</summary>
    public long StartedAt { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>How layers are packed.</summary>
    public Packing Packing => Packing.Of(Locked);

    /// <summary>Path for a new directory of the build; nothing is there.</summary>
    internal string NewDirectory(string kind) =>
        Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{kind}-{Interlocked.Increment(ref _number)}"));

    /// <summary>Remembers work that must have ended before the build's directory goes, and whose failure ends the build.</summary>
    internal T Track<T>(T task)
        where T : Task
    {
        _started.Add(task);
        _ = task.ContinueWith(
            static (failed, state) =>
            {
                // Once the build is being ended, what fails is a consequence of that.
                if (state is LayerContext { Cancellation.IsCancellationRequested: false } context)
                {
                    context._failed.TrySetException(failed.Exception!.InnerException!);
                }
            },
            this,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        return task;
    }

    /// <summary>Remembers what is disposed of when all work has ended.</summary>
    internal T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    /// <summary>Tells other sources where a file of the lock is.</summary>
    internal void Provide(Digest sha256, string path) => Fetched(sha256).TrySetResult(path);

    /// <summary>The place of a file that another source fetches, once it is there.</summary>
    internal Task<string> FileAsync(Digest sha256) => Fetched(sha256).Task.WaitAsync(Cancellation);

    /// <summary>Begins the task that shows how far the layers are.</summary>
    /// <param name="bytes">How much <see cref="Advance"/> is going to be told in all.</param>
    internal void BeginWork(long bytes) => _work = Progress.Begin("Building layers", bytes);

    /// <summary>Bytes that are done.</summary>
    internal void Advance(long bytes) => _work?.Advance(bytes);

    /// <summary>Says that all layers are made.</summary>
    internal void EndWork(string summary) => (_work ??= Progress.Begin("Building layers")).Done(summary);

    /// <summary>A finished layer in its place.</summary>
    internal PlacedLayer Place(MadeLayer made)
    {
        if (!made.IsCached)
        {
            Finish(made.Key, made.Layer.Layer, made.Root);
        }

        return new PlacedLayer(made.Key, made.Root, Task.FromResult(made.Layer));
    }

    /// <summary>The layer of an overlay's upper directory, which the store does not have. It is packed while others are made.</summary>
    /// <param name="key">Key of what it is made from.</param>
    /// <param name="upper">The directory. Nothing writes to it any more.</param>
    /// <param name="epoch">Time of everything that is new in it.</param>
    /// <param name="history">The image's line of history.</param>
    internal PlacedLayer PlaceUpper(Digest key, string upper, long epoch, string history)
    {
        // Before the next layer looks at it: overlayfs copies the times of directories up.
        var entries = Timings.Measure(BuildWork.ListChanges, "", () =>
        {
            var found = OverlayTree.List(upper, epoch, StartedAt);
            OverlayTree.Settle(upper, found);
            return found;
        });
        return new PlacedLayer(key, upper, Track(PackAsync()));

        async Task<ImageLayer> PackAsync()
        {
            var packed = await Queue.Run(
                PackUrgency - 1,
                0,
                () =>
                {
                    using var content = RootDirectory.Open(upper);
                    return LayerPacker.Pack(entries, content, Layout, Packing.Settings, Cancellation, Timings, history);
                },
                Cancellation
            );
            Finish(key, packed, upper);
            return new ImageLayer(packed, history);
        }
    }

    /// <summary>Remembers a layer that goes to the store when all layers are made.</summary>
    /// <param name="key">Key of what it is made from.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="root">Its mounted form.</param>
    /// <param name="complete">Completes the mounted form.</param>
    internal void Finish(Digest key, PackedLayer layer, string root, Action? complete = null) =>
        _finished.Add((key, layer, root, complete ?? (static () => { })));

    /// <summary>Moves the finished layers to the store.</summary>
    internal async Task PublishAsync() =>
        await Task.WhenAll(
            _finished.Select(finished => Queue.Run(0, 0, () => Timings.Measure(BuildWork.Publish, finished.Layer.DiffId.ToString(), () =>
                        {
                            finished.Complete();
                            Cache.Add(finished.Key, finished.Layer, finished.Root);
                            return finished.Layer.DiffId;
                        }), Cancellation))
        );

    /// <summary>Ends what still runs, and waits for it; failures were reported already.</summary>
    public async ValueTask DisposeAsync()
    {
        await Abort.CancelAsync();
        // What one starts is there before that one ends.
        while (_started.TryTake(out var task))
        {
            await task.ContinueWith(
                static _ => { },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }

        _work?.Dispose();
        while (_owned.TryPop(out var owned))
        {
            owned.Dispose();
        }
    }

    private TaskCompletionSource<string> Fetched(Digest sha256) =>
        _files.GetOrAdd(sha256, static _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
}
