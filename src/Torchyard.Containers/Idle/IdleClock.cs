namespace Torchyard.Containers.Idle;

/// <summary>
/// Counts how long GPUs were idle, from one look to the next. A single look that shows use, or shows nothing, starts the time anew; so does
/// a time in which nobody looked. A warning comes before each release, once.
/// </summary>
/// <param name="window">For how long they must be idle.</param>
/// <param name="now">The time by a clock that never goes back.</param>
public sealed class IdleClock(TimeSpan window, TimeSpan now)
{
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWarning = TimeSpan.FromMinutes(10);

    // A machine under load looks late, one that was suspended does not look at all.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(60);

    private TimeSpan _lastUse = now;
    private TimeSpan _lastLook = now;
    private TimeSpan? _warnedAt;

    /// <summary>For how long they must be idle.</summary>
    public TimeSpan Window => window;

    /// <summary>Time between two looks.</summary>
    public TimeSpan Interval => Clamp(window / 60, ShortestInterval, LongestInterval);

    /// <summary>Time between the warning and the release: ten minutes, or a tenth of a short window.</summary>
    public TimeSpan Warning => Clamp(window / 10, TimeSpan.Zero, LongestWarning);

    /// <summary>Time left until the release when nothing is used meanwhile; null before the warning.</summary>
    public TimeSpan? Left => _warnedAt is { } warned ? Later(warned + Warning, _lastUse + window) - _lastLook : null;

    /// <summary>Takes a look down.</summary>
    /// <param name="time">When it was.</param>
    /// <param name="activity">What it showed.</param>
    /// <returns>What is due.</returns>
    public IdleStep Look(TimeSpan time, GpuActivity activity)
    {
        var missed = time - _lastLook > Interval + Late;
        _lastLook = time;
        if (activity != GpuActivity.Idle || missed)
        {
            _lastUse = time;
            var warned = _warnedAt is not null;
            _warnedAt = null;
            return warned ? IdleStep.TakeBack : IdleStep.None;
        }

        if (_warnedAt is null)
        {
            if (time - _lastUse < window - Warning)
            {
                return IdleStep.None;
            }

            _warnedAt = time;
            return IdleStep.Warn;
        }

        return Left <= TimeSpan.Zero ? IdleStep.Release : IdleStep.None;
    }

    private static TimeSpan Later(TimeSpan first, TimeSpan second) => first > second ? first : second;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least ? least
        : value > most ? most
        : value;
}
