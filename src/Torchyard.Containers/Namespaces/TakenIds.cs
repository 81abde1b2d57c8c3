using System.Globalization;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Which ids of the machine belong to somebody: users, groups, and ranges that are handed to users for containers of their own.
/// </summary>
internal sealed class TakenIds
{
    private readonly List<IdRange> _ranges;
    private readonly bool _asksServices;

    private TakenIds(List<IdRange> ranges, bool asksServices)
    {
        _ranges = ranges;
        _asksServices = asksServices;
    }

    /// <summary>Reads this machine.</summary>
    /// <param name="containers">Ranges of the store's containers.</param>
    public static TakenIds Read(IEnumerable<IdRange> containers) =>
        Of(
            containers,
            Lines("/etc/passwd").Concat(Lines("/etc/group")),
            Lines("/etc/subuid").Concat(Lines("/etc/subgid")),
            Lines("/etc/nsswitch.conf")
        );

    /// <summary>From the lines of the files.</summary>
    internal static TakenIds Of(
        IEnumerable<IdRange> containers,
        IEnumerable<string> accounts,
        IEnumerable<string> subordinate,
        IEnumerable<string> services
    )
    {
        var ranges = containers.ToList();
        foreach (var fields in accounts.Select(line => line.Split(':')))
        {
            if (fields.Length > 2 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                ranges.Add(new IdRange(0, id, 1));
            }
        }

        foreach (var fields in subordinate.Select(line => line.Split(':')))
        {
            if (
                fields.Length == 3
                && uint.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            )
            {
                ranges.Add(new IdRange(0, first, count));
            }
        }

        return new TakenIds(ranges, services.Any(NamesOtherServices));
    }

    /// <summary>True when somebody may have an id of a range.</summary>
    public bool Contains(uint first, uint count) =>
        ContainerIds.Overlaps(_ranges, first, count) || (_asksServices && (UserCalls.IsKnown(first) || UserCalls.IsKnown(first + 1000)));

    /// <summary>True when users also come from somewhere else than the files (nsswitch.conf(5)), such as a directory service.</summary>
    private static bool NamesOtherServices(string line) =>
        line.Split('#')[0].Split(':', 2) is [var database, var services]
        && database.Trim() == "passwd"
        && services
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Any(service => service is not ("files" or "compat" or "systemd") && service[0] != '[');

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
