using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Sockets;
using Torchyard.Containers.Terminals;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Containers.Sessions;

/// <summary>How an attached session ended.</summary>
/// <param name="ExitCode">Exit status of the program, or null when the user detached or the monitor went away.</param>
/// <param name="Detached">True when the user typed the detach keys, or nobody reads the output of <c>attach</c> any more.</param>
public sealed record AttachResult(int? ExitCode, bool Detached)
{
    /// <summary>True when the client was asked to end and the program runs on; the exit status is the client's then.</summary>
    public bool Left { get; init; }
}

/// <summary>What connects a caller to a container's streams.</summary>
internal sealed record AttachOptions
{
    /// <summary>The container has a terminal: raw mode, resizing, detach keys.</summary>
    public required bool Terminal { get; init; }

    /// <summary>Pass the caller's standard input on.</summary>
    public required bool Input { get; init; }

    /// <summary>The program is the caller's: it is told when nobody reads its output any more.</summary>
    public required bool Foreground { get; init; }

    /// <summary>Gives a signal that the caller received to the program.</summary>
    public required Action<int> Signal { get; init; }

    /// <summary>Takes the caller's signals already, from before there was a program; null: from now on.</summary>
    public SignalForwarding? Signals { get; init; }
}

/// <summary>A client of a monitor: the caller's own standard streams stand for the container's.</summary>
internal sealed class AttachClient : IDisposable
{
    private readonly string _socketPath;
    private readonly AttachOptions _options;
    private readonly NetworkStream _stream;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _detach;
    private readonly CancellationTokenSource _over = new();
    private readonly EndEvent _end = new();
    private readonly DescriptorInputStream _input = new(StandardDescriptor.Input);
    private readonly Departure _departure;
    private Task _reading = Task.CompletedTask;
    private long _read;

    private AttachClient(string socketPath, AttachOptions options, NetworkStream stream, CancellationToken cancellation)
    {
        _socketPath = socketPath;
        _options = options;
        _stream = stream;
        _detach = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _departure = new Departure(options.Terminal, options.Signal);
    }

    /// <summary>Connects, lets the program start, and copies until it ends or the user detaches.</summary>
    /// <exception cref="TorchyardException">The program could not start.</exception>
    public static async Task<AttachResult> RunAsync(string socketPath, AttachOptions options, CancellationToken cancellation)
    {
        using var socket = await LocalSocket.ConnectAsync(socketPath, cancellation);
        await using var stream = new NetworkStream(socket);
        using var client = new AttachClient(socketPath, options, stream, cancellation);
        return await client.RunAsync(cancellation);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _end.Set();
        _over.Cancel();
        _departure.Dispose();
        // Threads that still read see that it is over; the last of them may do so after this.
        _reading.ContinueWith(_ => _end.Dispose(), TaskScheduler.Default);
    }

    private async Task<AttachResult> RunAsync(CancellationToken cancellation)
    {
        // Without keys the terminal stays as it is, so that Ctrl-C reaches this program.
        using var raw = _options is { Terminal: true, Input: true } ? TerminalMode.MakeRaw(StandardDescriptor.Input) : null;
        using var resize = _options.Terminal ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => SendSize()) : null;
        using var own = _options.Signals is null ? new SignalForwarding() : null;
        (_options.Signals ?? own!).To(_departure.Take);
        SendSize();
        await SendAsync(AttachFrame.Encode(AttachKind.Start, []));
        if (_options.Input)
        {
            _reading = Task.Factory.StartNew(ReadInput, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        else
        {
            await SendAsync(AttachFrame.Encode(AttachKind.EndOfInput, []));
        }

        var receiving = ReceiveAsync(cancellation);
        return await _departure.EndsFirstAsync(receiving)
            ? await receiving
            : new AttachResult(_departure.ExitStatus, Detached: false) { Left = true };
    }

    private async Task<AttachResult> ReceiveAsync(CancellationToken cancellation)
    {
        var output = new CallerOutput(StandardDescriptor.Output, AttachKind.Output);
        var error = new CallerOutput(StandardDescriptor.Error, AttachKind.Error);
        try
        {
            while (await AttachFrame.ReadAsync(_stream, _detach.Token) is { } frame)
            {
                switch (frame.Kind)
                {
                    case AttachKind.Output when !await ShowAsync(output, frame.Payload):
                    case AttachKind.Error when !await ShowAsync(error, frame.Payload):
                        return new AttachResult(null, Detached: true);
                    case AttachKind.Exit when frame.Payload.Length == 12:
                        await GiveBackAsync(BinaryPrimitives.ReadInt64BigEndian(frame.Payload.AsSpan(4)));
                        ThrowIfLost(output, error);
                        return new AttachResult(BinaryPrimitives.ReadInt32BigEndian(frame.Payload), Detached: false);
                    case AttachKind.Failure:
                        var text = Encoding.UTF8.GetString(frame.Payload);
                        throw MonitorFailure.TryRead(text.Split('\t'))
                            ?? new TorchyardException(
                                "TY4045",
                                $"the container's monitor failed: {text}",
                                "run the command again with --verbose"
                            );
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new AttachResult(null, Detached: true);
        }
        catch (IOException)
        {
            // The monitor was killed; the caller looks at the state.
        }

        return new AttachResult(null, Detached: false);
    }

    /// <summary>Shows output of the program.</summary>
    /// <returns>False when the session ends, because nobody reads the output and the program is not the caller's own.</returns>
    private async Task<bool> ShowAsync(CallerOutput output, byte[] data)
    {
        if (output.IsGone || output.TryWrite(data))
        {
            return true;
        }

        if (_options.Terminal)
        {
            _departure.HungUp();
            return true;
        }

        if (!_options.Foreground)
        {
            return false;
        }

        // On a connection of its own: on this one it would wait behind input that the program does not read.
        using var socket = await LocalSocket.ConnectAsync(_socketPath, CancellationToken.None);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(AttachFrame.Encode(AttachKind.OutputClosed, [(byte)output.Kind]));
        return true;
    }

    private static void ThrowIfLost(params ReadOnlySpan<CallerOutput> outputs)
    {
        foreach (var output in outputs)
        {
            if (output.Failure is { } failure)
            {
                throw ProgramRelay.Lost(failure);
            }
        }
    }

    /// <summary>Gives the caller's file back what the program did not read, so that a script reads on there.</summary>
    private async Task GiveBackAsync(long used)
    {
        _end.Set();
        await _over.CancelAsync();
        if (_options is { Input: true, Terminal: false } && _input.HasOffset)
        {
            await _reading;
            _input.GiveBack(_read - used);
        }
    }

    private void SendSize()
    {
        if (_options.Terminal && TerminalCalls.Size(StandardDescriptor.Input) is { } size)
        {
            _ = SendAsync(AttachFrame.Resize(size.Rows, size.Columns));
        }
    }

    private async Task SendAsync(byte[] frame)
    {
        try
        {
            await _sending.WaitAsync(_over.Token);
            try
            {
                await _stream.WriteAsync(frame, _over.Token);
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The session is over.
        }
    }

    private void ReadInput()
    {
        var keys = _options.Terminal ? new DetachKeys() : null;
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while (_input.Wait(_end) && (count = _input.Read(buffer)) > 0)
            {
                _read += count;
                var (data, wantsOut) = keys is null ? (buffer.AsSpan(0, count).ToArray(), false) : keys.Filter(buffer.AsSpan(0, count));
                if (data.Length > 0)
                {
                    SendAsync(AttachFrame.Encode(AttachKind.Input, data)).GetAwaiter().GetResult();
                }

                if (wantsOut)
                {
                    _detach.Cancel();
                    return;
                }
            }
        }
        catch (IOException)
        {
            // It cannot be read, such as a directory: for the program that is the end of its input.
        }

        if (_options.Terminal && !_over.IsCancellationRequested)
        {
            _departure.HungUp();
        }

        SendAsync(AttachFrame.Encode(AttachKind.EndOfInput, [])).GetAwaiter().GetResult();
    }

    /// <summary>One of the caller's outputs, until nobody reads it or it cannot be written.</summary>
    private sealed class CallerOutput(int descriptor, AttachKind kind)
    {
        public AttachKind Kind => kind;

        public bool IsGone { get; private set; }

        public IOException? Failure { get; private set; }

        public bool TryWrite(byte[] data)
        {
            try
            {
                IsGone = !DescriptorOutputStream.TryWrite(descriptor, data);
            }
            catch (IOException failure)
            {
                (IsGone, Failure) = (true, failure);
            }

            return !IsGone;
        }
    }
}

/// <summary>Finds ctrl-p ctrl-q in what the user types, as docker's detach keys.</summary>
internal sealed class DetachKeys
{
    private const byte ControlP = 0x10;
    private const byte ControlQ = 0x11;

    private bool _pending;

    /// <summary>What to pass on, and whether the user wants out. A held ctrl-p follows with the next key.</summary>
    public (byte[] Data, bool Detach) Filter(ReadOnlySpan<byte> typed)
    {
        var result = new List<byte>(typed.Length + 1);
        foreach (var key in typed)
        {
            if (_pending && key == ControlQ)
            {
                return ([.. result], true);
            }

            if (_pending)
            {
                result.Add(ControlP);
            }

            _pending = key == ControlP;
            if (!_pending)
            {
                result.Add(key);
            }
        }

        return ([.. result], false);
    }
}
