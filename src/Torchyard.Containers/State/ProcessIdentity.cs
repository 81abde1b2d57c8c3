using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.State;

/// <summary>A process that cannot be mistaken for a later one with the same number.</summary>
/// <param name="Id">Process id in the host's namespace.</param>
/// <param name="StartTime">Field 22 of /proc/PID/stat: clock ticks since boot (proc_pid_stat(5)).</param>
public sealed record ProcessIdentity(int Id, long StartTime)
{
    // USER_HZ of linux/param.h: the same on every architecture that .NET runs on.
    private const int TicksPerSecond = 100;

    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId)!;

    /// <summary>Identity of a live process, or null.</summary>
    public static ProcessIdentity? Of(int processId) =>
        Read(processId) is { State: not ('Z' or 'X') } stat ? new ProcessIdentity(processId, stat.StartTime) : null;

    /// <summary>True while the process lives; a zombie does not.</summary>
    [JsonIgnore]
    public bool IsAlive => Of(Id) == this;

    /// <summary>
    /// When it started, to about a tenth of a second; right also after the clock was set, since it is counted back from now.
    /// </summary>
    public DateTime Started(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return clock.GetUtcNow().UtcDateTime - TimeSpan.FromSeconds(uptime - ((double)StartTime / TicksPerSecond));
    }

    /// <summary>Sends a signal, unless the process is gone.</summary>
    /// <returns>False when it is gone.</returns>
    public bool Signal(int signal) => IsAlive && ProcessCalls.Kill(Id, signal) == 0;

    internal static (char State, long StartTime)? Parse(string stat)
    {
        // The command name in parentheses may hold spaces and parentheses; what follows the last one is plain.
        var end = stat.LastIndexOf(") ", StringComparison.Ordinal);
        var fields = end < 0 ? [] : stat[(end + 2)..].Split(' ');
        return
            fields.Length > 19
            && fields[0].Length == 1
            && long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? (fields[0][0], start)
            : null;
    }

    private static (char State, long StartTime)? Read(int processId)
    {
        try
        {
            return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat")));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
