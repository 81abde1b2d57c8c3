namespace Torchyard.Platform.Http;

/// <summary>How often, and after which pauses, an address is asked again that failed for a reason that may pass.</summary>
public sealed record RetryPolicy
{
    /// <summary>Tries in all.</summary>
    public int Tries { get; init; } = 4;

    /// <summary>Pause before the second try; it doubles from try to try.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The doubled pause is never longer.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A server that asks to be left alone for longer (<c>Retry-After</c>) is not asked again.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Clock of the pauses.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Told of pauses that a server asks for; null for nobody.</summary>
    public PauseNotes? Notes { get; init; }

    /// <summary>True when another try is worth it.</summary>
    /// <param name="attempt">Number of the try that failed, from 1.</param>
    /// <param name="failure">Why it failed.</param>
    public bool IsWorthAnother(int attempt, HttpFailureException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return failure.IsTransient && attempt < Tries && !(failure.RetryAfter > LongestRetryAfter);
    }

    /// <summary>Waits before the next try: as long as the server asked for, or longer than before the last.</summary>
    /// <param name="address">What failed.</param>
    /// <param name="attempt">Number of the try that failed, from 1.</param>
    /// <param name="failure">Why it failed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task PauseAsync(Uri address, int attempt, HttpFailureException failure, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(failure);
        if (failure.RetryAfter is { } asked)
        {
            Notes?.Begin(address, asked);
        }

        var doubled = Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, attempt - 1), LongestPause.TotalMilliseconds);
        return Task.Delay(failure.RetryAfter ?? TimeSpan.FromMilliseconds(doubled), Clock, cancellation);
    }
}
