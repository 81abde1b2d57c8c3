namespace Torchyard.Containers.Sessions;

/// <summary>
/// Signals of this process that a command hands to a program in a container. From the moment on that the command wants it, each one counts
/// once: those that come before anybody takes them wait. Handlers of .NET cannot do that alone: whoever registers one later has missed what
/// came before.
/// </summary>
public sealed class ClientSignals
{
    private static readonly AsyncLocal<ClientSignals?> Flow = new();

    private readonly Lock _gate = new();
    private readonly Queue<int> _waiting = new();
    private Action<int>? _taker;

    private ClientSignals() { }

    /// <summary>Those of the command that is at work here; null where signals are this process's own matter.</summary>
    internal static ClientSignals? Current => Flow.Value;

    /// <summary>Begins; what the calling command starts from now on takes its signals from here.</summary>
    public static ClientSignals Begin()
    {
        var signals = new ClientSignals();
        Flow.Value = signals;
        return signals;
    }

    /// <summary>One has come.</summary>
    /// <param name="number">Its number.</param>
    public void Pass(int number)
    {
        lock (_gate)
        {
            if (_taker is null)
            {
                _waiting.Enqueue(number);
            }
            else
            {
                _taker(number);
            }
        }
    }

    /// <summary>Names who takes them, also those that wait; null for nobody any more.</summary>
    internal void To(Action<int>? taker)
    {
        lock (_gate)
        {
            _taker = taker;
            while (taker is not null && _waiting.TryDequeue(out var number))
            {
                taker(number);
            }
        }
    }
}
