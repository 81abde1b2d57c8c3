using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Containers.Terminals;

namespace Torchyard.Containers.Monitoring;

/// <summary>The monitor's side of a container's standard streams: pipes, or one terminal.</summary>
internal sealed class ContainerStreams(ContainerRecord record)
{
    private readonly TaskCompletionSource<Stream?> _input = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SafeFileHandle? _terminal;
    private (ushort Rows, ushort Columns)? _size;

    /// <summary>Makes the container with its streams connected here.</summary>
    public async Task<ContainerProcess> CreateAsync(ContainerDirectory directory, SelfProgram self)
    {
        if (!record.Terminal)
        {
            var container = await ContainerProcess.CreateAsync(directory, self, Pipes, consoleSocket: null, CancellationToken.None);
            if (!record.Interactive)
            {
                container.Streams.StandardInput.Close();
            }

            _input.SetResult(record.Interactive ? container.Streams.StandardInput.BaseStream : null);
            return container;
        }

        using var console = ConsoleSocket.Create();
        using var stop = new CancellationTokenSource();
        var accept = console.AcceptAsync(stop.Token);
        var made = ContainerProcess.CreateAsync(directory, self, Pipes, console.Path, CancellationToken.None);
        try
        {
            var container = await made;
            _terminal = await accept.WaitAsync(TimeSpan.FromSeconds(10));
            _input.SetResult(new FileStream(_terminal, FileAccess.Write, bufferSize: 0));
            if (_size is { } size)
            {
                TerminalSize.Change((int)_terminal.DangerousGetHandle(), size.Rows, size.Columns);
            }

            return container;
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
            using var master = new FileStream(new SafeFileHandle(terminal.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, bufferSize: 0);
            await Task.Factory.StartNew(() => Copy(master, AttachKind.Output, sink), TaskCreationOptions.LongRunning);
            return;
        }

        await Task.WhenAll(
            CopyAsync(container.Streams.StandardOutput.BaseStream, AttachKind.Output, sink),
            CopyAsync(container.Streams.StandardError.BaseStream, AttachKind.Error, sink));
    }

    /// <summary>Gives bytes to the program's standard input; dropped when it has none or has closed it.</summary>
    public async Task WriteInputAsync(byte[] data)
    {
        if (await _input.Task is { } input)
        {
            try
            {
                await input.WriteAsync(data);
                await input.FlushAsync();
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // The program closed its input.
            }
        }
    }

    /// <summary>Ends the program's standard input. A terminal has no end.</summary>
    public void CloseInput()
    {
        if (!record.Terminal && _input.Task is { IsCompletedSuccessfully: true, Result: { } input })
        {
            input.Dispose();
        }
        else if (!record.Terminal)
        {
            _ = _input.Task.ContinueWith(t => t.Result?.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
        }
    }

    /// <summary>Sets the terminal's size.</summary>
    public void Resize(ushort rows, ushort columns)
    {
        _size = (rows, columns);
        if (_terminal is { IsClosed: false } terminal)
        {
            TerminalSize.Change((int)terminal.DangerousGetHandle(), rows, columns);
        }
    }

    private static void Pipes(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
    }

    private static async Task CopyAsync(Stream from, AttachKind kind, Func<AttachKind, ReadOnlyMemory<byte>, Task> sink)
    {
        var buffer = new byte[32 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer)) > 0)
        {
            await sink(kind, buffer.AsMemory(0, read));
        }
    }

    private static void Copy(FileStream master, AttachKind kind, Func<AttachKind, ReadOnlyMemory<byte>, Task> sink)
    {
        var buffer = new byte[32 * 1024];
        while (true)
        {
            int read;
            try
            {
                read = master.Read(buffer);
            }
            catch (IOException)
            {
                return; // EIO: the last program on the terminal has ended.
            }

            if (read == 0)
            {
                return;
            }

            sink(kind, buffer.AsMemory(0, read)).GetAwaiter().GetResult();
        }
    }
}
