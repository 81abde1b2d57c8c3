using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.Sockets;
using Torchyard.Containers.State;
using Torchyard.Containers.Terminals;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Containers.Monitoring;

/// <summary>The monitor's side of a container's standard streams: pipes, or one terminal.</summary>
internal sealed class ContainerStreams(ContainerRecord record) : IDisposable
{
    private static readonly TimeSpan TerminalPatience = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource<ProgramInput> _input = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<AttachKind> _closed = [];
    private PipeInput? _pipe;
    private SafeFileHandle? _terminal;
    private (ushort Rows, ushort Columns)? _size;

    /// <summary>Why the program was not started, in the runtime's words, after <see cref="PumpAsync"/>; null when it was.</summary>
    public string? NotStarted { get; private set; }

    /// <summary>Makes the container with its streams connected here.</summary>
    public async Task<ContainerProcess> CreateAsync(ContainerDirectory directory, SelfProgram self)
    {
        if (!record.Terminal)
        {
            var made = await ContainerProcess.CreateAsync(
                directory,
                self,
                ProgramRelay.Redirect,
                consoleSocket: null,
                CancellationToken.None
            );
            _pipe = new PipeInput(ProgramRelay.PipeOf(made.Streams.StandardInput.BaseStream));
            if (!record.Interactive)
            {
                _pipe.Close();
            }

            _input.SetResult(_pipe.Write);
            return made;
        }

        using var console = ConsoleSocket.Create();
        using var stop = new CancellationTokenSource();
        var accept = console.AcceptAsync(stop.Token);
        ContainerProcess? container = null;
        try
        {
            container = await ContainerProcess.CreateAsync(directory, self, ProgramRelay.Redirect, console.Path, CancellationToken.None);
            _terminal = await accept.WaitAsync(TerminalPatience);
            _input.SetResult(new DescriptorOutputStream((int)_terminal.DangerousGetHandle()).TryWrite);
            if (_size is { } size)
            {
                _ = TerminalCalls.SetSize((int)_terminal.DangerousGetHandle(), size.Rows, size.Columns);
            }

            return container;
        }
        catch (Exception error)
        {
            container?.Dispose();
            throw error is TimeoutException
                ? new TorchyardException(
                    "TY4043",
                    $"{record.Runtime.Name} made the container and sent no terminal for it",
                    "leave -t out, or choose the other runtime with --runtime",
                    error
                )
                : error;
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    /// <summary>Copies the program's output until it has ended.</summary>
    public async Task PumpAsync(ContainerProcess container, Func<AttachKind, ReadOnlyMemory<byte>, Task> sink)
    {
        if (_terminal is { } terminal)
        {
            var master = new DescriptorInputStream((int)terminal.DangerousGetHandle());
            await Task.Factory.StartNew(() => Copy(master, AttachKind.Output, sink), TaskCreationOptions.LongRunning);
            return;
        }

        await Task.WhenAll(
            CopyAsync(container.Streams.StandardOutput.BaseStream, AttachKind.Output, sink),
            CopyAsync(container.Streams.StandardError.BaseStream, AttachKind.Error, sink)
        );
    }

    /// <summary>Gives bytes to the program's standard input; dropped when it has none or has closed it.</summary>
    public async Task WriteInputAsync(byte[] data)
    {
        var input = await _input.Task;
        // Waits while the program does not read.
        await Task.Run(() => input(data));
    }

    /// <summary>Closes a stream that nobody reads any more: a program that writes on gets SIGPIPE, as with a pipe of the shell.</summary>
    public void CloseOutput(AttachKind kind)
    {
        lock (_closed)
        {
            _closed.Add(kind);
        }
    }

    /// <summary>Called when the program has ended.</summary>
    /// <returns>How much of its input it has read.</returns>
    public long TakeInputBack() => _pipe?.TakeBack() ?? 0;

    /// <summary>Ends the program's standard input. A terminal has no end.</summary>
    public void CloseInput()
    {
        if (!record.Terminal)
        {
            // A client may say it before there is a program.
            _ = _input.Task.ContinueWith(
                _ => _pipe?.Close(),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion,
                TaskScheduler.Default
            );
        }
    }

    /// <summary>Sets the terminal's size.</summary>
    public void Resize(ushort rows, ushort columns)
    {
        _size = (rows, columns);
        if (_terminal is { IsClosed: false } terminal)
        {
            _ = TerminalCalls.SetSize((int)terminal.DangerousGetHandle(), rows, columns);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _pipe?.Dispose();
        _terminal?.Dispose();
    }

    private async Task CopyAsync(Stream from, AttachKind kind, Func<AttachKind, ReadOnlyMemory<byte>, Task> sink)
    {
        var buffer = new byte[32 * 1024];
        var words = Words(kind, sink);
        int read;
        while ((read = await from.ReadAsync(buffer)) > 0 && !IsClosed(kind))
        {
            words.Pass(buffer.AsSpan(0, read));
        }

        End(words);
        await from.DisposeAsync();
    }

    private static RuntimeWords Words(AttachKind kind, Func<AttachKind, ReadOnlyMemory<byte>, Task> sink) =>
        new(data =>
        {
            sink(kind, data.ToArray()).GetAwaiter().GetResult();
            return true;
        });

    private void End(RuntimeWords words)
    {
        words.End();
        NotStarted ??= words.Message;
    }

    private bool IsClosed(AttachKind kind)
    {
        lock (_closed)
        {
            return _closed.Contains(kind);
        }
    }

    private void Copy(DescriptorInputStream master, AttachKind kind, Func<AttachKind, ReadOnlyMemory<byte>, Task> sink)
    {
        var buffer = new byte[32 * 1024];
        var words = Words(kind, sink);
        int read;
        // Ends when the last program on the terminal has ended.
        while ((read = master.Read(buffer)) > 0)
        {
            words.Pass(buffer.AsSpan(0, read));
        }

        End(words);
    }

    private delegate bool ProgramInput(ReadOnlySpan<byte> data);
}
