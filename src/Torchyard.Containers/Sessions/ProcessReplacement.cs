using System.Collections;
using Torchyard.Containers.Native;

namespace Torchyard.Containers.Sessions;

/// <summary>Becomes another program.</summary>
public static class ProcessReplacement
{
    private const int BrokenPipe = 13;

    /// <summary>Replaces this process, with its environment (execve(2)).</summary>
    /// <param name="program">Absolute path.</param>
    /// <param name="arguments">Arguments, the first being the program's name for itself.</param>
    /// <returns>Only when the kernel refused: its reason.</returns>
    public static string Execute(string program, IReadOnlyList<string> arguments)
    {
        // The framework ignores SIGPIPE, and what is ignored stays so in the new program and all that it starts.
        Libc.ResetSignal(BrokenPipe);
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(pair => $"{pair.Key}={pair.Value}");
        return Errno.Text(Libc.Execute(program, arguments, [.. environment]));
    }
}
