using Torchyard.Containers.Idle;

namespace Torchyard.Containers.Monitoring;

/// <summary>What <see cref="IdleRelease"/> sees and does.</summary>
internal sealed record IdleReleaseHandlers
{
    /// <summary>For how long GPUs must be idle as the container's record says now; zero for never.</summary>
    public required Func<TimeSpan> Window { get; init; }

    /// <summary>Looks how much the GPUs are used; null: there is no answer.</summary>
    public required Func<CancellationToken, Task<GpuUse?>> Look { get; init; }

    /// <summary>Called at each look, whatever it shows.</summary>
    public required Action Tick { get; init; }

    /// <summary>Tells people that the container is stopped after so much time, unless its GPUs are used.</summary>
    public required Func<TimeSpan, TimeSpan, Task> Warn { get; init; }

    /// <summary>Tells people that it is not stopped after all.</summary>
    public required Func<Task> TakeBack { get; init; }

    /// <summary>Stops the container.</summary>
    public required Func<TimeSpan, Task> Release { get; init; }
}

/// <summary>Watches the GPUs of a container and gives them back when they were idle for long enough.</summary>
/// <param name="uuids">The GPUs and MIG devices.</param>
/// <param name="handlers">What it sees and does.</param>
/// <param name="clock">Clock.</param>
internal sealed class IdleRelease(IReadOnlyList<string> uuids, IdleReleaseHandlers handlers, TimeProvider clock)
{
    // The record may say another time at any moment.
    private static readonly TimeSpan WithoutWindow = TimeSpan.FromSeconds(10);

    /// <summary>Watches until the GPUs are given back, or it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        IdleClock? idle = null;
        GpuUse? before = null;
        while (true)
        {
            await Task.Delay(idle?.Interval ?? WithoutWindow, clock, cancellation);
            handlers.Tick();
            var window = handlers.Window();
            if (window != (idle?.Window ?? TimeSpan.Zero))
            {
                if (idle?.Left is not null)
                {
                    await handlers.TakeBack();
                }

                (idle, before) = (window > TimeSpan.Zero ? new IdleClock(window, Now()) : null, null);
            }

            if (idle is null)
            {
                continue;
            }

            var look = await handlers.Look(cancellation);
            switch (idle.Look(Now(), GpuUse.Between(before, look, uuids)))
            {
                case IdleStep.Warn:
                    await handlers.Warn(window, idle.Left!.Value);
                    break;
                case IdleStep.TakeBack:
                    await handlers.TakeBack();
                    break;
                case IdleStep.Release:
                    await handlers.Release(window);
                    return;
                case IdleStep.None:
                default:
                    break;
            }

            before = look;
        }
    }

    private TimeSpan Now() => clock.GetElapsedTime(0, clock.GetTimestamp());
}
