namespace Torchyard.Packages.Fetching;

/// <summary>How hard to try.</summary>
internal sealed record DownloadSettings
{
    /// <summary>Downloads at once.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>Connections to one host at once.</summary>
    public int PerHost { get; init; } = 4;

    /// <summary>Tries of one address before the next.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>Wait before the second try; doubled for each further one.</summary>
    public TimeSpan BackOff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest silence of a server.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
