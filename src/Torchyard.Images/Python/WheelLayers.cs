using System.Collections.Concurrent;
using System.Globalization;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Python;

/// <summary>Makes layers of wheels on all cores, the largest first; what was begun early is not made twice.</summary>
internal sealed class WheelLayers : IDisposable
{
    private readonly LayerCache _cache;
    private readonly Packing _packing;
    private readonly string _directory;
    private readonly CachedWheels _files;
    private readonly IProgressTask _progress;
    private readonly WheelLayerWriter _writer;

    // Threads of their own: those of the pool compress, and a layer that held one of them would wait for the others.
    private readonly WorkQueue _queue = new(Environment.ProcessorCount);
    private readonly ConcurrentDictionary<Digest, (Task<MadeLayer> Layer, CancellationTokenSource End)> _begun = [];
    private readonly CancellationTokenSource _ending;
    private int _number;

    /// <summary>Begins with nothing to do.</summary>
    /// <param name="layout">Gets the blobs.</param>
    /// <param name="cache">Finished layers.</param>
    /// <param name="packing">How they are packed.</param>
    /// <param name="directory">Directory of the build for the mounted forms.</param>
    /// <param name="files">The files of the wheels.</param>
    /// <param name="progress">Receives the bytes of wheels that are installed.</param>
    /// <param name="cancellation">Ends it.</param>
    public WheelLayers(
        OciLayout layout,
        LayerCache cache,
        Packing packing,
        string directory,
        CachedWheels files,
        IProgressTask progress,
        CancellationToken cancellation
    )
    {
        _cache = cache;
        _packing = packing;
        _directory = directory;
        _files = files;
        _progress = progress;
        _writer = new WheelLayerWriter(layout, packing.Settings, new DecodeAhead(Environment.ProcessorCount));
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>Cancelled as soon as one layer fails.</summary>
    internal CancellationToken Ending => _ending.Token;

    /// <summary>Ends when all that was begun has ended, with its first failure.</summary>
    internal Task WhenBegunAsync() => Task.WhenAll(_begun.Values.Select(begun => begun.Layer));

    /// <summary>Files of wheels that files of others replace.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2510, TY2511: they do not go together.</exception>
    internal static IReadOnlyList<WheelCollision> LeftOut(IEnumerable<PlannedWheel> wheels, LockedPython locked)
    {
        var plans = wheels.ToDictionary(wheel => wheel.Package.Name, wheel => wheel.Plan, StringComparer.Ordinal);
        return [.. WheelConflicts.Check(plans, locked), .. WheelConflicts.Copies(plans)];
    }

    /// <summary>Begins a layer, unless it was begun; the first failure ends all of them.</summary>
    internal Task<MadeLayer> Begin(WheelLayerWork work)
    {
        var key = work.Key(_packing);
        if (_begun.TryGetValue(key, out var begun))
        {
            return begun.Layer;
        }

        var end = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        var root = Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"wheels-{_number++}"));
        var layer = _queue.Run(
            urgency: 0,
            work.Size,
            () =>
            {
                try
                {
                    return _files.Read(work.Wheels.Select(wheel => wheel.Package), () => Make(work, key, root, end.Token));
                }
                catch when (!end.IsCancellationRequested)
                {
                    _ending.Cancel();
                    throw;
                }
            },
            end.Token
        );
        _begun[key] = (layer, end);
        return layer;
    }

    /// <summary>Makes these layers; what was begun and is none of them is dropped.</summary>
    internal async Task<IReadOnlyList<MadeLayer>> FinishAsync(IReadOnlyList<WheelLayerWork> layers)
    {
        var wanted = layers.Select(layer => layer.Key(_packing)).ToHashSet();
        foreach (var (_, (_, end)) in _begun.Where(begun => !wanted.Contains(begun.Key)))
        {
            await end.CancelAsync();
        }

        return await Task.WhenAll(layers.Select(Begin));
    }

    /// <summary>Ends what is still being made, and waits for that.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _queue.Dispose();
        foreach (var (_, end) in _begun.Values)
        {
            end.Dispose();
        }

        _ending.Dispose();
    }

    private MadeLayer Make(WheelLayerWork work, Digest key, string root, CancellationToken cancellation)
    {
        if (MadeLayer.Find(_cache, key, work.History) is { } found)
        {
            _progress.Advance(work.Packed);
            return found;
        }

        Directory.CreateDirectory(root);
        // Beside the layer: what is hashed is in the page cache already, or will be.
        var check =
            _packing.Settings.Compression == LayerCompression.Gzip
                ? Task.Factory.StartNew(
                    () => _files.Check(work.Wheels.Select(wheel => wheel.Package)),
                    CancellationToken.None,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default
                )
                : Task.CompletedTask;
        long installed = 0;
        long shown = 0;
        PackedLayer packed;
        try
        {
            packed = _writer.Write(
                work.Wheels,
                work.LeftOut,
                root,
                bytes =>
                {
                    installed += bytes;
                    Show((long)((double)work.Packed * installed / Math.Max(1, work.Size)));
                },
                cancellation
            );
        }
        catch
        {
            // What was begun early and is not wanted is done again in another layer.
            Show(0);
            throw;
        }
        finally
        {
            // Whatever happened, nobody reads the file any more when this returns.
            Task.WaitAny([check], CancellationToken.None);
        }

        check.GetAwaiter().GetResult();
        Show(work.Packed);
        return new MadeLayer(key, new ImageLayer(packed, work.History), root, IsCached: false);

        void Show(long done)
        {
            _progress.Advance(done - shown);
            shown = done;
        }
    }
}
