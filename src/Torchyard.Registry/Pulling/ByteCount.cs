using Torchyard.Platform.Reporting;

namespace Torchyard.Registry.Pulling;

/// <summary>What a task was told of one blob, so that bytes that come twice, or are thrown away, count once or not at all.</summary>
internal sealed class ByteCount(IProgressTask progress)
{
    private long _told;

    /// <summary>More came.</summary>
    public void Add(long bytes)
    {
        Interlocked.Add(ref _told, bytes);
        progress.Advance(bytes);
    }

    /// <summary>So much is there.</summary>
    public void Set(long bytes)
    {
        var before = Interlocked.Exchange(ref _told, bytes);
        if (bytes != before)
        {
            progress.Advance(bytes - before);
        }
    }
}
