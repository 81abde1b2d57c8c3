using System.Globalization;

namespace Torchyard.Platform.Processes;

/// <summary>The user or group ids that this process sees (user_namespaces(7)).</summary>
/// <param name="IsWholeMachine">True outside of any user namespace.</param>
/// <param name="Single">Ids that are mapped alone: the caller's own, beside the ranges of subordinate ids.</param>
internal sealed record IdentityMap(bool IsWholeMachine, IReadOnlyList<uint> Single)
{
    /// <summary>What an id without a number of its own looks like.</summary>
    public const uint Overflow = 65534;

    /// <summary>The user ids of this process.</summary>
    public static IdentityMap ReadUsers() => Parse(File.ReadAllText("/proc/self/uid_map"));

    /// <summary>The group ids of this process.</summary>
    public static IdentityMap ReadGroups() => Parse(File.ReadAllText("/proc/self/gid_map"));

    /// <summary>Reads the form of <c>/proc/PID/uid_map</c>: first id inside, first id outside, count.</summary>
    public static IdentityMap Parse(string text)
    {
        var rows = text.Split('\n')
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(row => row.Length == 3)
            .ToList();
        return new IdentityMap(
            rows is [["0", "0", "4294967295"]],
            [
                .. rows.Where(row => row[2] == "1")
                    .Select(row => uint.TryParse(row[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : (uint?)null)
                    .OfType<uint>(),
            ]
        );
    }
}
