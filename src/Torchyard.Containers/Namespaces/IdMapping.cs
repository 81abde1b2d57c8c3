using System.Globalization;

namespace Torchyard.Containers.Namespaces;

/// <summary>One range of a user namespace (user_namespaces(7)).</summary>
/// <param name="Inside">First id inside.</param>
/// <param name="Outside">First id outside.</param>
/// <param name="Count">How many ids.</param>
public sealed record IdRange(uint Inside, uint Outside, uint Count);

/// <summary>The id ranges of a rootless container.</summary>
/// <param name="Uids">User ids.</param>
/// <param name="Gids">Group ids.</param>
/// <param name="Full">False when only the caller's own id could be mapped.</param>
public sealed record IdMapping(IReadOnlyList<IdRange> Uids, IReadOnlyList<IdRange> Gids, bool Full)
{
    /// <summary>
    /// Maps <paramref name="callerInside"/> to the caller, so that files on mounts belong to the caller,
    /// and every other id from 0 up to the caller's subordinate ids.
    /// </summary>
    /// <param name="uid">The caller's user id.</param>
    /// <param name="gid">The caller's group id.</param>
    /// <param name="callerInside">Id that the caller has inside; user and group alike.</param>
    /// <param name="subordinateUids">First row of /etc/subuid for the caller, or null.</param>
    /// <param name="subordinateGids">First row of /etc/subgid for the caller, or null.</param>
    public static IdMapping Create(
        uint uid,
        uint gid,
        uint callerInside,
        SubordinateRange? subordinateUids,
        SubordinateRange? subordinateGids
    ) =>
        subordinateUids is { } uids && subordinateGids is { } gids
            ? new IdMapping(Weave(uid, callerInside, uids), Weave(gid, callerInside, gids), Full: true)
            : new IdMapping([new IdRange(0, uid, 1)], [new IdRange(0, gid, 1)], Full: false);

    /// <summary>Id outside of an id inside, or null when it is not mapped.</summary>
    public static uint? ToOutside(IReadOnlyList<IdRange> ranges, uint inside)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        foreach (var range in ranges)
        {
            if (inside >= range.Inside && inside - range.Inside < range.Count)
            {
                return range.Outside + (inside - range.Inside);
            }
        }

        return null;
    }

    /// <summary>Id inside of an id outside; the id itself where it is not mapped, or nothing is.</summary>
    public static uint ToInside(IReadOnlyList<IdRange>? ranges, uint outside) =>
        (ranges ?? []).FirstOrDefault(range => outside >= range.Outside && outside - range.Outside < range.Count) is { } found
            ? found.Inside + (outside - found.Outside)
            : outside;

    /// <summary>Arguments for newuidmap(1) or newgidmap(1) after the process id.</summary>
    internal static IEnumerable<string> Arguments(IReadOnlyList<IdRange> ranges)
    {
        foreach (var range in ranges)
        {
            yield return range.Inside.ToString(CultureInfo.InvariantCulture);
            yield return range.Outside.ToString(CultureInfo.InvariantCulture);
            yield return range.Count.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static List<IdRange> Weave(uint caller, uint callerInside, SubordinateRange subordinate)
    {
        var ranges = new List<IdRange>(3);
        var below = Math.Min(callerInside, subordinate.Count);
        if (below > 0)
        {
            ranges.Add(new IdRange(0, subordinate.Start, below));
        }

        ranges.Add(new IdRange(callerInside, caller, 1));
        if (subordinate.Count > below)
        {
            ranges.Add(new IdRange(callerInside + 1, subordinate.Start + below, subordinate.Count - below));
        }

        return ranges;
    }
}
