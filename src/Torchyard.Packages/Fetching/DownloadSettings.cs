using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;

namespace Torchyard.Packages.Fetching;

/// <summary>How hard to try.</summary>
internal sealed record DownloadSettings
{
    /// <summary>Downloads at once.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>Connections to one host at once.</summary>
    public int PerHost { get; init; } = 4;

    /// <summary>Connections to one host at once for parts of files, which are small: what they cost is the wait for the answer.</summary>
    public int PartsPerHost { get; init; } = 8;

    /// <summary>Tries of one address before the next.</summary>
    public RetryPolicy Retry { get; init; } = new() { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(500) };

    /// <summary>The same settings, with somebody who hears of pauses that a server asks for.</summary>
    public DownloadSettings Saying(IProgressSink progress) =>
        this with
        {
            Retry = Retry with { Notes = new PauseNotes(progress.Note, Retry.Clock) },
        };

    /// <summary>Longest silence of a server.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
