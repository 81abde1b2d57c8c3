using System.Runtime.InteropServices;

namespace Torchyard.Containers.Sessions;

/// <summary>Passes this program's own signals on, as long as it exists; those that come before there is a receiver wait for it.</summary>
internal sealed class SignalForwarding : IDisposable
{
    private const int User1 = 10;
    private const int User2 = 12;

    private readonly Lock _gate = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Queue<int> _waiting = new();
    private readonly ClientSignals? _client = ClientSignals.Current;
    private Action<int>? _receiver;

    /// <summary>Takes the signals from now on.</summary>
    public SignalForwarding()
    {
        // The command has heard these two from its beginning on.
        _client?.To(Take);
        (PosixSignal, int)[] own = _client is null ? [(PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15)] : [];
        foreach (
            var (signal, number) in own.Concat([
                (PosixSignal.SIGHUP, 1),
                (PosixSignal.SIGQUIT, 3),
                ((PosixSignal)User1, User1),
                ((PosixSignal)User2, User2),
            ])
        )
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    Take(number);
                }));
        }
    }

    /// <summary>True when signals have come and nobody has received them.</summary>
    public bool HasWaiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>Names the receiver of the signals, also of those that have come already.</summary>
    /// <param name="receiver">Gets the number of each signal.</param>
    public SignalForwarding To(Action<int> receiver)
    {
        lock (_gate)
        {
            _receiver = receiver;
            while (_waiting.TryDequeue(out var number))
            {
                receiver(number);
            }
        }

        return this;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _client?.To(null);
        _registrations.ForEach(registration => registration.Dispose());
    }

    private void Take(int number)
    {
        lock (_gate)
        {
            if (_receiver is null)
            {
                _waiting.Enqueue(number);
            }
            else
            {
                _receiver(number);
            }
        }
    }
}
