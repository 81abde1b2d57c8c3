using System.Diagnostics;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Platform.Processes;

/// <summary>What a finished program left behind.</summary>
/// <param name="ExitCode">Its exit status; 128 + n when signal n ended it.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Starts a program of the host with exactly the given arguments and environment, never through a shell.</summary>
public static class HostCommand
{
    /// <summary>
    /// Runs a program to its end and captures what it printed. Cancelling kills it and its children, as does the end of its bounds; what it
    /// left running behind is not waited for.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Arguments, as they are.</param>
    /// <param name="environment">Whole environment of the program, or null for the caller's with a PATH that nobody else can write
    /// to.</param>
    /// <param name="input">Text for its standard input, or null for none.</param>
    /// <param name="changes">Variables that differ from that environment; null takes one away.</param>
    /// <param name="directory">Absolute working directory; the root unless the program needs one.</param>
    /// <param name="bounds">How long it may take and how much it may print; null for <see cref="ProgramBounds.Answer"/>.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <exception cref="TorchyardException">TY9021: the program cannot be started; TY9027, TY9028: it reached its bounds.</exception>
    public static Task<CommandResult> RunAsync(
        HostProgram program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? input = null,
        IReadOnlyDictionary<string, string?>? changes = null,
        string directory = "/",
        ProgramBounds? bounds = null,
        CancellationToken cancellation = default
    )
    {
        var start = HostProcess.Prepare(program, directory, arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach (var (name, value) in environment)
            {
                start.Environment[name] = value;
            }
        }

        foreach (var (name, value) in changes ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return RunAsync(start, program, Feed, bounds ?? ProgramBounds.Answer, cancellation);

        async Task Feed(StreamWriter writer, CancellationToken stop)
        {
            if (input is not null)
            {
                await writer.WriteAsync(input.AsMemory(), stop);
            }
        }
    }

    /// <summary>
    /// Runs a program to its end while its standard input is written, and captures what it printed; see
    /// the other <c>RunAsync</c>.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Arguments, as they are.</param>
    /// <param name="feed">Writes its input. It fails with an IOException when the program ends before it has read all.</param>
    /// <param name="bounds">How long it may take and how much it may print.</param>
    /// <param name="cancellation">Kills the program.</param>
    public static Task<CommandResult> FeedAsync(
        HostProgram program,
        IEnumerable<string> arguments,
        Action<Stream, CancellationToken> feed,
        ProgramBounds bounds,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentNullException.ThrowIfNull(bounds);
        var start = HostProcess.Prepare(program, "/", arguments);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return RunAsync(start, program, (writer, stop) => Task.Run(() => feed(writer.BaseStream, stop), stop), bounds, cancellation);
    }

    private static async Task<CommandResult> RunAsync(
        ProcessStartInfo start,
        HostProgram program,
        Func<StreamWriter, CancellationToken, Task> feed,
        ProgramBounds bounds,
        CancellationToken cancellation
    )
    {
        using var process = HostProcess.Start(start);
        using var end = new EndEvent();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var overflowed = false;
        var output = new ProgramOutput(process.StandardOutput, bounds.Output, end, Overflow);
        var error = new ProgramOutput(process.StandardError, bounds.Output, end, Overflow);
        stop.CancelAfter(bounds.Time);
        try
        {
            await WriteAsync(process, feed, stop.Token);
            await process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            HostProcess.Kill(process);
        }
        catch
        {
            HostProcess.Kill(process);
            end.Set();
            throw;
        }

        end.Set();
        await Task.WhenAll(output.Done, error.Done);
        cancellation.ThrowIfCancellationRequested();
        return Volatile.Read(ref overflowed) ? throw bounds.Overflowed(program.Path)
            : stop.IsCancellationRequested ? throw bounds.Expired(program.Path)
            : new CommandResult(process.ExitCode, output.Text, error.Text);

        void Overflow()
        {
            Volatile.Write(ref overflowed, true);
            stop.Cancel();
        }
    }

    private static async Task WriteAsync(Process process, Func<StreamWriter, CancellationToken, Task> feed, CancellationToken cancellation)
    {
        try
        {
            // A program that reads nothing holds up the write, which is not interrupted by itself.
            await feed(process.StandardInput, cancellation).WaitAsync(cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program closed its input early; its exit code says whether that was an error.
        }
    }
}
