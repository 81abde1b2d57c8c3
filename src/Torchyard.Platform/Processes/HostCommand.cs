using System.Diagnostics;

namespace Torchyard.Platform.Processes;

/// <summary>What a finished program left behind.</summary>
/// <param name="ExitCode">Its exit status; 128 + n when signal n ended it.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Starts a program of the host with exactly the given arguments and environment, never through a shell.</summary>
public static class HostCommand
{
    /// <summary>Runs a program to its end and captures what it printed. Cancelling kills it and its children.</summary>
    /// <param name="program">Absolute path, or a name looked up in PATH.</param>
    /// <param name="arguments">Arguments, as they are.</param>
    /// <param name="environment">Whole environment of the program, or null for the caller's.</param>
    /// <param name="input">Text for its standard input, or null for none.</param>
    /// <param name="changes">Variables that differ from that environment; null takes one away.</param>
    /// <param name="cancellation">Kills the program.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The program cannot be started.</exception>
    public static async Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? input = null,
        IReadOnlyDictionary<string, string?>? changes = null,
        CancellationToken cancellation = default)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
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

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        using var kill = cancellation.Register(() => TryKill(process));
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program closed its input early; its exit code says whether that was an error.
        }

        await process.WaitForExitAsync(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        return new CommandResult(process.ExitCode, await output, await error);
    }

    private static void TryKill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself in between.
        }
    }
}
