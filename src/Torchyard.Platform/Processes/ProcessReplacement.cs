using System.Collections;
using System.Runtime.InteropServices;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Processes;

/// <summary>Becomes another program.</summary>
public static class ProcessReplacement
{
    private const int BrokenPipe = 13;

    /// <summary>Replaces this process, with its environment but for PATH (execve(2)).</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Arguments, the first being the program's name for itself.</param>
    /// <param name="workingDirectory">Absolute; where the program starts.</param>
    /// <returns>Only when the kernel refused: its reason.</returns>
    public static string Execute(HostProgram program, IReadOnlyList<string> arguments, string workingDirectory)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(arguments);
        if (ProcessCalls.ChangeDirectory(workingDirectory) != 0)
        {
            return $"{workingDirectory}: {Errno.Text(Errno.Last)}";
        }

        // The framework ignores SIGPIPE, and what is ignored stays so in the new program and all that it starts.
        ProcessCalls.ResetSignal(BrokenPipe);
        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .Where(pair => pair.Key is not "PATH")
            .Select(pair => $"{pair.Key}={pair.Value}")
            .Append("PATH=" + HostProgram.SearchPath);
        return Replace(program.Path, arguments, [.. environment]);
    }

    /// <summary>
    /// Replaces this process from the thread that calls, with the whole environment: the kernel ends the other threads and keeps this one's
    /// namespaces.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Arguments, the first being the program's name for itself.</param>
    /// <returns>Only when the kernel refused: its reason.</returns>
    public static string ExecuteHere(HostProgram program, IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(arguments);
        return Replace(
            program.Path,
            arguments,
            [.. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(pair => $"{pair.Key}={pair.Value}")]
        );
    }

    private static unsafe string Replace(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        // Never freed: the process is replaced, or reports the failure and ends.
        _ = ProcessCalls.Execute(path, ToVector(arguments), ToVector(environment));
        return Errno.Text(Errno.Last);
    }

    private static unsafe byte** ToVector(IReadOnlyList<string> values)
    {
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++)
        {
            vector[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        }

        return vector;
    }
}
