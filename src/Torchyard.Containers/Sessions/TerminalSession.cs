using System.Runtime.InteropServices;
using Torchyard.Containers.Terminals;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Containers.Sessions;

/// <summary>Connects the caller's terminal with the master side of a program's own: keys, output and size.</summary>
internal sealed class TerminalSession : IDisposable
{
    // What a program wrote last reaches the master side a moment after its end.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly EndEvent _end = new();
    private readonly TaskCompletionSource _shown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TerminalMode? _raw;
    private readonly PosixSignalRegistration _resize;

    /// <summary>Begins to copy.</summary>
    /// <param name="master">Master side of the program's terminal.</param>
    /// <param name="interactive">Pass keys on. Without, the caller's terminal stays as it is, so that Ctrl-C reaches this program.</param>
    /// <param name="hungUp">Called when the caller's terminal is gone.</param>
    public TerminalSession(int master, bool interactive, Action hungUp)
    {
        _raw = interactive ? TerminalMode.MakeRaw(StandardDescriptor.Input) : null;
        _resize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize());
        Resize();
        if (interactive)
        {
            new Thread(() => PassKeys(master, hungUp)) { IsBackground = true, Name = "stdin" }.Start();
        }

        new Thread(() => Show(master, hungUp)) { IsBackground = true, Name = "stdout" }.Start();

        void Resize()
        {
            if (TerminalCalls.Size(StandardDescriptor.Input) is { } size)
            {
                _ = TerminalCalls.SetSize(master, size.Rows, size.Columns);
            }
        }
    }

    /// <summary>
    /// Called when the program has ended: shows the last of its output. Processes that it left behind are not waited for.
    /// </summary>
    public Task FinishAsync()
    {
        _end.Set();
        return _shown.Task;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _end.Set();
        _resize.Dispose();
        _raw?.Dispose();
        _shown.Task.ContinueWith(_ => _end.Dispose(), TaskScheduler.Default);
    }

    private void PassKeys(int master, Action hungUp)
    {
        var keyboard = new DescriptorInputStream(StandardDescriptor.Input);
        var program = new DescriptorOutputStream(master);
        var buffer = new byte[16 * 1024];
        try
        {
            while (keyboard.Wait(_end))
            {
                var count = keyboard.Read(buffer);
                if (count == 0)
                {
                    hungUp();
                    return;
                }

                if (!program.TryWrite(buffer.AsSpan(0, count)))
                {
                    return;
                }
            }
        }
        catch (IOException)
        {
            hungUp();
        }
    }

    private void Show(int master, Action hungUp)
    {
        var program = new DescriptorInputStream(master);
        var screen = new DescriptorOutputStream(StandardDescriptor.Output);
        var buffer = new byte[64 * 1024];
        var gone = false;
        try
        {
            while (program.Wait(_end))
            {
                if (!Copy())
                {
                    return;
                }
            }

            var started = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(started) < Longest && program.Wait(Quiet) && Copy()) { }
        }
        catch (IOException)
        {
            hungUp();
        }
        finally
        {
            _shown.TrySetResult();
        }

        // False at the end: the last program on the terminal has closed it.
        bool Copy()
        {
            var count = program.Read(buffer);
            // A program whose reader is gone is told so, and must not wait for it while it ends.
            if (!gone && !screen.TryWrite(buffer.AsSpan(0, count)))
            {
                gone = true;
                hungUp();
            }

            return count > 0;
        }
    }
}
