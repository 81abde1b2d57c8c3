using Torchyard.Containers.State;

namespace Torchyard.Containers.Sessions;

/// <summary>
/// Decides when a client goes although its program runs on. Signals are passed on, as docker does. A program that does not end by them must
/// not hold its client: the one of a terminal goes some seconds after the first signal that asks to end, every other with the third.
/// </summary>
internal sealed class Departure : IDisposable
{
    private const int Last = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _leave = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<int> _receiver;
    private readonly Timer? _timer;
    private readonly TimeSpan _patience;
    private int _count;
    private int _first;
    private int _hungUp;

    /// <summary>Begins with no signal.</summary>
    /// <param name="terminal">The client stands for a terminal.</param>
    /// <param name="receiver">Gives a signal to the program.</param>
    /// <param name="patience">How long the program of a terminal has to end; null: 10 seconds.</param>
    public Departure(bool terminal, Action<int> receiver, TimeSpan? patience = null)
    {
        _receiver = receiver;
        _patience = patience ?? Patience;
        _timer = terminal ? new Timer(_ => _leave.TrySetResult()) : null;
    }

    /// <summary>Exit status of a client that goes: 128 and the first signal.</summary>
    public int ExitStatus => 128 + _first;

    /// <summary>Completes when the client goes.</summary>
    public Task Leaving => _leave.Task;

    /// <summary>Takes a signal of the client.</summary>
    public void Take(int number)
    {
        _receiver(number);
        if (number is not (SignalNumbers.HangUp or SignalNumbers.Interrupt or SignalNumbers.Quit or SignalNumbers.Terminate))
        {
            return;
        }

        Interlocked.CompareExchange(ref _first, number, 0);
        switch (Interlocked.Increment(ref _count))
        {
            case 1:
                _timer?.Change(_patience, Timeout.InfiniteTimeSpan);
                break;
            case Last:
                _leave.TrySetResult();
                break;
        }
    }

    /// <summary>The client's terminal is gone. The kernel tells that with a signal only to the terminal's own session.</summary>
    public void HungUp()
    {
        if (Interlocked.Exchange(ref _hungUp, 1) == 0)
        {
            Take(SignalNumbers.HangUp);
        }
    }

    /// <summary>Waits for the program's end or the client's going.</summary>
    /// <returns>True when the program ended.</returns>
    public async Task<bool> EndsFirstAsync(Task program) => await Task.WhenAny(program, _leave.Task) != _leave.Task;

    /// <inheritdoc />
    public void Dispose() => _timer?.Dispose();
}
