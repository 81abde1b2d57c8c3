using System.Runtime.ExceptionServices;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>
/// The wheels of a lock while they are fetched: each is read as soon as it is there. Which layers there are is decided by all wheels
/// together; but a heavy wheel has a layer of its own in nearly every case, and the light ones share one. So layers are begun before all
/// wheels are there, and one is used if it turns out to be the layer that was wanted, file by file.
/// </summary>
/// <param name="locked">The lock's Python part.</param>
/// <param name="files">File of each wheel, once it is there.</param>
internal sealed class WheelsOnTheirWay(LockedPython locked, CachedWheels files) : IDisposable
{
    private readonly PlannedWheel?[] _planned = new PlannedWheel?[locked.Packages.Count];
    private readonly Lock _gate = new();
    private bool _lightBegan;

    /// <summary>Reads what every wheel installs; of several that cannot be read, the first of the lock is reported.</summary>
    /// <param name="budget">Most layers.</param>
    /// <param name="begin">Begins a layer.</param>
    /// <param name="cancellation">Ends it.</param>
    internal async Task<IReadOnlyList<PlannedWheel>> ReadAsync(int budget, Action<WheelLayerWork> begin, CancellationToken cancellation)
    {
        var planner = new InstallPlanner(new VenvLayout(locked.Interpreter, LockedPython.VenvPath));
        var failures = new ExceptionDispatchInfo?[_planned.Length];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var cores = new SemaphoreSlim(Environment.ProcessorCount);
        await Task.WhenAll(locked.Packages.Select((_, index) => ReadOneAsync(index)));
        Array.Find(failures, failure => failure is not null)?.Throw();
        cancellation.ThrowIfCancellationRequested();
        return [.. _planned.OfType<PlannedWheel>()];

        async Task ReadOneAsync(int index)
        {
            var package = locked.Packages[index];
            try
            {
                // What is there is read even when another wheel is bad; what is not there is not waited for.
                var file = await files.FileAsync(package).WaitAsync(stop.Token);
                await cores.WaitAsync(cancellation);
                try
                {
                    _planned[index] = await Task.Run(() => files.Read([package], () => Plan(package, file, planner)), cancellation);
                }
                finally
                {
                    cores.Release();
                }

                BeginEarly(index, budget, begin);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The reason is thrown above.
            }
#pragma warning disable CA1031 // Thrown above.
            catch (Exception failure)
            {
                failures[index] = ExceptionDispatchInfo.Capture(failure);
                await stop.CancelAsync();
            }
#pragma warning restore CA1031
        }
    }

    /// <summary>Closes the wheels; nothing reads them any more.</summary>
    public void Dispose()
    {
        foreach (var wheel in _planned)
        {
            wheel?.Plan.Wheel.Dispose();
        }
    }

    private static PlannedWheel Plan(LockedPythonPackage package, string file, InstallPlanner planner)
    {
        var wheel = WheelArchive.Open(file, package.Filename);
        try
        {
            return new PlannedWheel(package, planner.Plan(wheel, package));
        }
        catch
        {
            wheel.Dispose();
            throw;
        }
    }

    private void BeginEarly(int index, int budget, Action<WheelLayerWork> begin)
    {
        lock (_gate)
        {
            var wheel = _planned[index]!;
            var there = _planned.OfType<PlannedWheel>().ToList();
            if (there.Count == _planned.Length)
            {
                // Now all is known.
                return;
            }

            // What is heavy packed is heavy unpacked; what is light packed is not known before it is there.
            var outstanding = locked.Packages.Where((_, number) => _planned[number] is null).ToList();
            var areHeavy = outstanding.TrueForAll(package => package.Size >= WheelGrouping.HeavySize);
            if (
                wheel.Plan.Size >= WheelGrouping.HeavySize
                && locked.Packages.Count(package => package.Size > wheel.Package.Size) < budget - 1
            )
            {
                Begin([wheel]);
            }

            if (!_lightBegan && areHeavy && there.Count(IsHeavy) + outstanding.Count < budget)
            {
                _lightBegan = true;
                if (
                    there.Where(one => !IsHeavy(one)).OrderBy(one => one.Package.Name, StringComparer.Ordinal).ToList() is
                    { Count: > 0 } light
                )
                {
                    Begin(light);
                }
            }

            void Begin(IReadOnlyList<PlannedWheel> group)
            {
                try
                {
                    begin(WheelLayerWork.Of(group, WheelLayers.LeftOut(there, locked)));
                }
                catch (TorchyardException)
                {
                    // Wheels that do not go together are reported when all are known, all of them.
                }
            }
        }
    }

    private static bool IsHeavy(PlannedWheel wheel) => wheel.Plan.Size >= WheelGrouping.HeavySize;
}
