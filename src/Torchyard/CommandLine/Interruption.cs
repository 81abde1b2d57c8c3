using System.Runtime.InteropServices;
using Torchyard.Containers.Sessions;

namespace Torchyard.CommandLine;

/// <summary>
/// Ctrl-C and SIGTERM. The first asks the verb to stop (its token is cancelled, files in work are removed);
/// the second ends the process at once. A verb that hands signals to a program of the user takes over with <see cref="TakeOver"/>.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private const int Interrupt = 2;
    private const int Terminate = 15;

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private ClientSignals? _client;
    private int _owners;
    private int _signal;

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Exit status for a verb that ended because it was asked to.</summary>
    public int ExitStatus => ExitCode.OfSignal(_signal == 0 ? Interrupt : _signal);

    /// <summary>Starts to listen to this process's signals.</summary>
    public void Listen()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Receive(context, Interrupt)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Receive(context, Terminate)));
    }

    /// <summary>From now until the result is disposed signals do not cancel the token: the verb handles them.</summary>
    /// <exception cref="OperationCanceledException">One has come already, and would be lost.</exception>
    public IDisposable TakeOver()
    {
        _client = ClientSignals.Begin();
        Interlocked.Increment(ref _owners);
        var ownership = new Ownership(this);
        if (_source.IsCancellationRequested)
        {
            ownership.Dispose();
            _source.Token.ThrowIfCancellationRequested();
        }

        return ownership;
    }

    /// <summary>Asks the verb to stop, as the first signal does.</summary>
    public void Request(int signal)
    {
        _signal = signal;
        _source.Cancel();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Receive(PosixSignalContext context, int signal)
    {
        if (Volatile.Read(ref _owners) > 0)
        {
            _signal = signal;
            context.Cancel = true;
            _client!.Pass(signal);
            return;
        }

        // The default action of a second signal ends the process.
        context.Cancel = !_source.IsCancellationRequested;
        if (context.Cancel)
        {
            Request(signal);
        }
    }

    private sealed class Ownership(Interruption interruption) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref interruption._owners);
            }
        }
    }
}
