using System.Diagnostics;
using System.Globalization;

namespace Torchyard.EndToEnd.Environment;

/// <summary>Processes of containers as the host sees them.</summary>
internal static class HostProcesses
{
    /// <summary>Process ids of Python programs with this argument. A client that passes the argument on is not a Python program.</summary>
    public static List<string> PythonsWith(string argument) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0]))
                .Where(process =>
                    CommandLine(process) is [var program, .. var words]
                    && Path.GetFileName(program).StartsWith("python3", StringComparison.Ordinal)
                    && words.Contains(argument)
                )
                .Select(process => Path.GetFileName(process)),
        ];

    /// <summary>kill -9. A process that is gone by now counts as killed: workers end when the process that feeds them does.</summary>
    public static void Kill(string process)
    {
        try
        {
            using var victim = Process.GetProcessById(int.Parse(process, CultureInfo.InvariantCulture));
            victim.Kill();
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidOperationException) { }
    }

    private static string[] CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
