using System.Globalization;
using Torchyard.Machine.Files;

namespace Torchyard.Machine.Processes;

/// <summary>
/// The processes of a machine. Only files that the kernel writes are read: what a process says of itself, such as its command line, is
/// in its own memory, and it can hold up whoever reads it there.
/// </summary>
/// <param name="files">The machine.</param>
public sealed class ProcessTable(MachineFiles files)
{
    // USER_HZ of linux/param.h: the same on every architecture that .NET runs on.
    private const int TicksPerSecond = 100;

    // Deeper than any tree of processes; an exchange of ids while it is walked must not make it endless.
    private const int MostAncestors = 128;

    /// <summary>A process that lives; null when it has ended. A zombie has.</summary>
    public ProcessFacts? Find(int id)
    {
        if (id <= 0 || files.ReadText(Path(id, "stat")) is not { } stat)
        {
            return null;
        }

        // The name in parentheses may hold blanks and parentheses; what follows the last one is plain.
        var (begin, end) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(") ", StringComparison.Ordinal));
        var fields = begin < 0 || end < begin ? [] : stat[(end + 2)..].Split(' ');
        return
            fields.Length > 19
            && fields[0] is not ("Z" or "X")
            && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var parent)
            && long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? new ProcessFacts
            {
                Id = id,
                Parent = parent,
                StartTime = start,
                Name = stat[(begin + 1)..end],
                User = UserOf(id),
            }
            : null;
    }

    /// <summary>A process and those that it descends from, nearest first.</summary>
    public IEnumerable<ProcessFacts> Ancestry(int id)
    {
        var left = MostAncestors;
        for (var process = Find(id); process is not null && left-- > 0; process = Find(process.Parent))
        {
            yield return process;
        }
    }

    /// <summary>The cgroups of a process, as <c>/proc/PID/cgroup</c> lists them; empty when it has ended.</summary>
    public string Cgroups(int id) => files.ReadText(Path(id, "cgroup")) ?? "";

    /// <summary>
    /// When a process started, to about a tenth of a second, counted back from now, since clocks are set; null where it cannot be told.
    /// </summary>
    public DateTimeOffset? StartedAt(ProcessFacts process, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(process);
        return double.TryParse(
            files.ReadText("/proc/uptime")?.Split(' ')[0],
            NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out var uptime
        )
            ? now - TimeSpan.FromSeconds(Math.Max(0, uptime - ((double)process.StartTime / TicksPerSecond)))
            : null;
    }

    private uint? UserOf(int id) =>
        files
            .ReadLines(Path(id, "status"))
            .Where(line => line.StartsWith("Uid:", StringComparison.Ordinal))
            .Select(line => line[4..].Split('\t', StringSplitOptions.RemoveEmptyEntries))
            .Where(ids => ids.Length > 0)
            .Select(ids => uint.TryParse(ids[0], NumberStyles.None, CultureInfo.InvariantCulture, out var user) ? user : (uint?)null)
            .FirstOrDefault();

    private static string Path(int id, string file) => string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/{file}");
}
