namespace Torchyard.Supervisor.Services;

/// <summary>Delays between restarts: each twice the one before, up to a limit; a long good run starts over.</summary>
internal sealed class RestartDelay
{
    private readonly TimeSpan _first;
    private readonly TimeSpan _longest;
    private TimeSpan _next;

    public RestartDelay(TimeSpan first, TimeSpan longest)
    {
        _first = first < longest ? first : longest;
        _longest = longest;
        _next = _first;
    }

    /// <summary>Restarts in a row.</summary>
    public int Count { get; private set; }

    /// <summary>Gives the delay before the next start.</summary>
    /// <param name="ran">How long the service ran.</param>
    public TimeSpan Next(TimeSpan ran)
    {
        if (ran >= _longest)
        {
            Reset();
        }

        Count++;
        var delay = _next;
        _next = delay + delay > _longest ? _longest : delay + delay;
        return delay;
    }

    public void Reset()
    {
        _next = _first;
        Count = 0;
    }
}
