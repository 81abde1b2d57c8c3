using System.Globalization;
using Torchyard.Containers.State;

namespace Torchyard.Containers.Sessions;

/// <summary>
/// Gives a signal to the program of a container. The kernel throws away what a first process of a pid namespace neither handles nor blocks
/// (pid_namespaces(7)), and at its start that is everything: the runtime waits to become the program, the program has not set itself up. A
/// signal that comes then waits a moment. A program that never handles it loses it, as it would with any engine.
/// </summary>
internal static class ProgramSignal
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Gives it, at once or as soon as the program takes it.</summary>
    /// <param name="program">The container's first process; null: not known yet.</param>
    /// <param name="signal">Number of the signal.</param>
    public static void Give(Func<ProcessIdentity?> program, int signal)
    {
        if (program() is { } first && (signal is SignalNumbers.Kill or SignalNumbers.Stop || Takes(first.Id, signal)))
        {
            first.Signal(signal);
            return;
        }

        _ = Task.Run(async () =>
        {
            var began = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(began) < Patience)
            {
                if (program() is { } found && (!found.IsAlive || Takes(found.Id, signal)))
                {
                    break;
                }

                await Task.Delay(Poll);
            }

            program()?.Signal(signal);
        });
    }

    /// <summary>True when a process is the program already, and a signal would reach it.</summary>
    internal static bool Takes(int processId, int signal)
    {
        var directory = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}");
        try
        {
            // What the runtime blocks while it waits is dropped when it becomes the program.
            return !IsRuntime(new FileInfo(directory + "/exe").LinkTarget ?? "")
                && Takes(Directory.GetDirectories(directory + "/task").Select(thread => File.ReadAllLines(thread + "/status")), signal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>True for a runtime, which may run a copy of itself that has no name on disk (memfd_create(2)).</summary>
    /// <param name="executable">Target of <c>/proc/PID/exe</c>.</param>
    internal static bool IsRuntime(string executable) =>
        Path.GetFileName(executable).Split(' ')[0] is "crun" or "runc" || executable.StartsWith("/memfd:", StringComparison.Ordinal);

    /// <summary>
    /// True when the masks of proc_pid_status(5) have the signal in every thread: ignored or handled, which all threads share, or blocked,
    /// so that it waits. One thread that does not block it would take it from the others, and the kernel would throw it away: as in the
    /// supervisor, whose first life blocks the signals in its main thread alone, and begins the second.
    /// </summary>
    /// <param name="threads">Lines of the status of each thread.</param>
    /// <param name="signal">Number of the signal.</param>
    internal static bool Takes(IEnumerable<IEnumerable<string>> threads, int signal) =>
        threads.All(status =>
            status.Any(line =>
                line.Split(':') is [("SigBlk" or "SigIgn" or "SigCgt"), var mask]
                && ulong.TryParse(mask.Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
                && (bits >> (signal - 1) & 1) == 1
            )
        );
}
