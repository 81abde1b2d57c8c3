using System.Globalization;

namespace Torchyard.Platform.Files;

/// <summary>Who holds a lock, for the line that a waiting command shows.</summary>
internal static class LockHolder
{
    private const int MostCommand = 100;

    /// <summary>The holders of a lock as text, such as <c>torchyard build (process 4711)</c>; null when the kernel does not tell.</summary>
    /// <param name="inode">Number of the lock file.</param>
    /// <param name="locks">Lines of /proc/locks.</param>
    /// <param name="commandOf">Command line of a process, its arguments ended by NUL; null when it is gone.</param>
    internal static string? Describe(ulong inode, IEnumerable<string> locks, Func<int, string?> commandOf)
    {
        var holders = new List<string>();
        foreach (var process in Processes(inode, locks).Distinct())
        {
            var command = commandOf(process)?.TrimEnd('\0').Replace('\0', ' ');
            command = command is { Length: > MostCommand } ? command[..MostCommand] + "…" : command;
            holders.Add(
                string.Create(CultureInfo.InvariantCulture, $"{(command is { Length: > 0 } ? command : "a process")} (process {process})")
            );
        }

        return holders.Count == 0 ? null : string.Join(", ", holders);
    }

    // proc_locks(5): "1: FLOCK  ADVISORY  WRITE 4711 08:01:262146 0 EOF"; a line with "->" is one that waits.
    private static IEnumerable<int> Processes(ulong inode, IEnumerable<string> locks)
    {
        foreach (var line in locks)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (
                fields is not [_, "FLOCK", _, _, var process, var file, ..]
                || !int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || id <= 0
            )
            {
                continue;
            }

            // Some file systems name another device here than stat(2) does, so the inode alone decides.
            if (file.Split(':') is [_, _, var number] && number == inode.ToString(CultureInfo.InvariantCulture))
            {
                yield return id;
            }
        }
    }
}
