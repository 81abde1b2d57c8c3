using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Terminals;
using Torchyard.Platform;

namespace Torchyard.Containers.Sessions;

/// <summary>How an attached session ended.</summary>
/// <param name="ExitCode">Exit status of the program, or null when the user detached or the monitor went away.</param>
/// <param name="Detached">True when the user typed the detach keys.</param>
public sealed record AttachResult(int? ExitCode, bool Detached);

/// <summary>What connects a caller to a container's streams.</summary>
internal sealed record AttachOptions
{
    /// <summary>The container has a terminal: raw mode, resizing, detach keys.</summary>
    public required bool Terminal { get; init; }

    /// <summary>Pass the caller's standard input on.</summary>
    public required bool Input { get; init; }

    /// <summary>Gets the signals INT, TERM, HUP, QUIT, USR1 and USR2 that the caller receives; a terminal sends them as keys.</summary>
    public Action<int>? Signal { get; init; }
}

/// <summary>A client of a monitor: the caller's own standard streams stand for the container's.</summary>
internal static class AttachClient
{
    private const int StandardInput = 0;

    /// <summary>Connects, lets the program start, and copies until it ends or the user detaches.</summary>
    /// <exception cref="TorchyardException">The program could not start.</exception>
    public static async Task<AttachResult> RunAsync(string socketPath, AttachOptions options, CancellationToken cancellation)
    {
        using var socket = await LocalSocket.ConnectAsync(socketPath, cancellation);
        await using var stream = new NetworkStream(socket);
        using var sending = new SemaphoreSlim(1, 1);
        using var detach = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        using var error = new FileStream(new SafeFileHandle(2, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        using var raw = options.Terminal ? TerminalMode.MakeRaw(StandardInput) : null;
        using var resize = options.Terminal
            ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => SendSize())
            : null;
        using var signals = options.Signal is { } signal ? new SignalForwarding().To(signal) : null;
        SendSize();
        await SendAsync(AttachFrame.Encode(AttachKind.Start, []));
        if (options.Input)
        {
            new Thread(ReadInput) { IsBackground = true, Name = "stdin" }.Start();
        }
        else
        {
            await SendAsync(AttachFrame.Encode(AttachKind.EndOfInput, []));
        }

        try
        {
            while (await AttachFrame.ReadAsync(stream, detach.Token) is { } frame)
            {
                switch (frame.Kind)
                {
                    case AttachKind.Output:
                        output.Write(frame.Payload);
                        break;
                    case AttachKind.Error:
                        error.Write(frame.Payload);
                        break;
                    case AttachKind.Exit when frame.Payload.Length == 4:
                        return new AttachResult(BinaryPrimitives.ReadInt32BigEndian(frame.Payload), Detached: false);
                    case AttachKind.Failure:
                        var parts = Encoding.UTF8.GetString(frame.Payload).Split('\t');
                        throw new TorchyardException(parts[0], parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? "");
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

        void SendSize()
        {
            if (options.Terminal && TerminalSize.Of(StandardInput) is { } size)
            {
                _ = SendAsync(AttachFrame.Resize(size.Rows, size.Columns));
            }
        }

        async Task SendAsync(byte[] frame)
        {
            try
            {
                await sending.WaitAsync(CancellationToken.None);
                try
                {
                    await stream.WriteAsync(frame, CancellationToken.None);
                }
                finally
                {
                    sending.Release();
                }
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException)
            {
                // The session is over.
            }
        }

        void ReadInput()
        {
            var keys = options.Terminal ? new DetachKeys() : null;
            var buffer = new byte[16 * 1024];
            using var input = new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);
            try
            {
                int read;
                while ((read = input.Read(buffer)) > 0)
                {
                    var (data, wantsOut) = keys is null ? (buffer.AsSpan(0, read).ToArray(), false) : keys.Filter(buffer.AsSpan(0, read));
                    if (data.Length > 0)
                    {
                        SendAsync(AttachFrame.Encode(AttachKind.Input, data)).GetAwaiter().GetResult();
                    }

                    if (wantsOut)
                    {
                        detach.Cancel();
                        return;
                    }
                }

                SendAsync(AttachFrame.Encode(AttachKind.EndOfInput, [])).GetAwaiter().GetResult();
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException)
            {
                // The terminal went away.
            }
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
