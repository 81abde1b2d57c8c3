using System.Diagnostics;
using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Containers.Sessions;

/// <summary>Takes what a program prints; false when nobody is left who wants it.</summary>
/// <param name="data">Bytes, valid during the call.</param>
internal delegate bool ProgramSink(ReadOnlySpan<byte> data);

/// <summary>
/// Passes a program's standard streams on. The program inside has pipes of its own and never a descriptor of the caller's: that would be a
/// right which outlives the command, to read what is typed next, to write over a log, to read a pipe. Ends with the program, after what it
/// had written is passed on, and does not wait for processes that it left behind.
/// </summary>
internal sealed class ProgramRelay : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly EndEvent _end = new();
    private readonly Process _program;
    private readonly Task[] _outputs;
    private readonly PipeInput _input;
    private readonly DescriptorInputStream? _caller;
    private readonly Task _reading;
    private readonly RuntimeWords _words;
    private readonly Func<bool>? _failed;
    private long _read;

    private ProgramRelay(Process program, DescriptorInputStream? input, ProgramSink output, ProgramSink error, Func<bool>? failed)
    {
        _words = new RuntimeWords(error);
        _failed = failed;
        _program = program;
        _caller = input;
        _input = new PipeInput(PipeOf(program.StandardInput.BaseStream));
        _outputs =
        [
            Begin("stdout", () => Pass(program.StandardOutput, output)),
            Begin("stderr", () => Pass(program.StandardError, _words.Pass)),
        ];
        if (input is null)
        {
            _input.Close();
            _reading = Task.CompletedTask;
        }
        else
        {
            _reading = Begin("stdin", Read);
        }
    }

    /// <summary>Why the program was not started, in the runtime's words, after <see cref="FinishAsync"/>; null when it was.</summary>
    public string? NotStarted => _words.Message;

    /// <summary>Has all three streams redirected, as this class needs them.</summary>
    public static void Redirect(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
    }

    /// <summary>Between a program and the caller of this process.</summary>
    /// <param name="program">A program whose streams are redirected.</param>
    /// <param name="input">True to pass the caller's input on; else the program's is at its end.</param>
    /// <param name="failed">Asked at the end: whether the runtime's log says that the program was not started.</param>
    public static ProgramRelay WithCaller(Process program, bool input, Func<bool>? failed = null) =>
        new(
            program,
            input ? new DescriptorInputStream(StandardDescriptor.Input) : null,
            new DescriptorOutputStream(StandardDescriptor.Output).TryWrite,
            new DescriptorOutputStream(StandardDescriptor.Error).TryWrite,
            failed
        );

    /// <summary>Gives what a program prints to whoever takes it; its input is at its end.</summary>
    /// <param name="program">A program whose streams are redirected.</param>
    /// <param name="output">Takes standard output.</param>
    /// <param name="error">Takes standard error.</param>
    /// <param name="failed">Asked at the end: whether the runtime's log says that the program was not started.</param>
    public static ProgramRelay To(Process program, ProgramSink output, ProgramSink error, Func<bool> failed) =>
        new(program, input: null, output, error, failed);

    /// <summary>Takes what a program prints; its input is at its end.</summary>
    public static ProgramRelay Into(Process program, Stream output, Stream error)
    {
        return new ProgramRelay(program, input: null, To(output), To(error), failed: null);

        static ProgramSink To(Stream stream) =>
            data =>
            {
                stream.Write(data);
                return true;
            };
    }

    /// <summary>
    /// Called when the program has ended: passes on what it had written, and gives the caller's file back what it did not read.
    /// </summary>
    /// <exception cref="TorchyardException">TY4086: output was lost, because the caller's side could not be written.</exception>
    public async Task FinishAsync()
    {
        _end.Set();
        _input.Close();
        try
        {
            await Task.WhenAll(_outputs);
            _words.End(_failed?.Invoke() ?? false);
        }
        catch (IOException error)
        {
            throw Lost(error);
        }

        if (_caller is { HasOffset: true })
        {
            // A read from a file is over at once; one from a terminal may last for ever.
            await _reading;
            _caller.GiveBack(_read - _input.TakeBack());
        }
    }

    /// <summary>The failure of an output that cannot be written.</summary>
    internal static TorchyardException Lost(IOException error) =>
        new(
            "TY4086",
            $"output of the program was lost: {error.Message}",
            "free space or choose another place for the output, then run the program again",
            error
        );

    /// <inheritdoc />
    public void Dispose()
    {
        _end.Set();
        _input.Dispose();
        Task.WhenAll([.. _outputs, _reading]).ContinueWith(_ => _end.Dispose(), TaskScheduler.Default);
    }

    /// <summary>The descriptor behind a redirected stream.</summary>
    internal static SafePipeHandle PipeOf(Stream stream) =>
        stream is PipeStream pipe
            ? pipe.SafePipeHandle
            : throw new InvalidOperationException($"a redirected stream is a {stream.GetType().Name} and no pipe");

    private static Task Begin(string name, Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        })
        {
            IsBackground = true,
            Name = name,
        }.Start();
        return done.Task;
    }

    private void Pass(StreamReader from, ProgramSink sink)
    {
        var handle = PipeOf(from.BaseStream);
        var source = new DescriptorInputStream((int)handle.DangerousGetHandle());
        try
        {
            var buffer = new byte[BufferSize];
            int count;
            while (source.Wait(_end))
            {
                if ((count = source.Read(buffer)) == 0 || !sink(buffer.AsSpan(0, count)))
                {
                    return;
                }
            }

            // The program is over: what is in the pipe now is the last of it, whoever else has the pipe still.
            for (var left = source.Ready; left > 0; left -= count)
            {
                if ((count = source.Read(buffer.AsSpan(0, Math.Min(left, BufferSize)))) == 0 || !sink(buffer.AsSpan(0, count)))
                {
                    return;
                }
            }
        }
        finally
        {
            // A program that writes on gets SIGPIPE, as with a pipe of the shell.
            from.BaseStream.Dispose();
            GC.KeepAlive(_program);
        }
    }

    private void Read()
    {
        try
        {
            var buffer = new byte[BufferSize];
            int count;
            while (_caller!.Wait(_end) && (count = _caller.Read(buffer)) > 0)
            {
                _read += count;
                if (!_input.Write(buffer.AsSpan(0, count)))
                {
                    return;
                }
            }
        }
        finally
        {
            _input.Close();
        }
    }
}
