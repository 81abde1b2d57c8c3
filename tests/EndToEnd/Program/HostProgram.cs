using System.Diagnostics;

namespace Torchyard.EndToEnd.Program;

/// <summary>Starts programs of this machine.</summary>
internal static class HostProgram
{
    /// <summary>Full path of a program, or the test is skipped.</summary>
    public static string Require(string name) => Requires.Program(name);

    /// <summary>Runs a program to its end. What does not end within the patience is killed and fails the test.</summary>
    public static async Task<ProgramOutput> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellation,
        string? directory = null,
        IReadOnlyDictionary<string, string>? environment = null,
        string input = "",
        TimeSpan? patience = null
    )
    {
        using var process = Start(program, arguments, directory, environment);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience ?? TimeSpan.FromMinutes(10));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), limit.Token);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit status and output say why.
        }

        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new ProgramOutput(CommandLine(process), process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{CommandLine(process)} did not end");
        }
    }

    /// <summary>Starts a program with all its streams redirected.</summary>
    public static Process Start(
        string program,
        IEnumerable<string> arguments,
        string? directory = null,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static string CommandLine(Process process) =>
        string.Join(' ', process.StartInfo.ArgumentList.Prepend(process.StartInfo.FileName));
}
