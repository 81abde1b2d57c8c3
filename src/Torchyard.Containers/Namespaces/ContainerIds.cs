using System.Globalization;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// The ids that root's containers have on the machine: a range for each container, in which nobody else of the machine is. uid 1000 inside
/// is not the machine's uid 1000, so no user of the machine can signal the container's processes, look through <c>/proc/PID/root</c>, or
/// own its files. docs/decisions/user-namespaces.md says why, and what it costs.
/// </summary>
internal static class ContainerIds
{
    /// <summary>
    /// Ids of a container that are mapped one after the other; Debian's "nobody", 65534, is the largest that packages use.
    /// </summary>
    public const uint Width = 65536;

    /// <summary>
    /// What ids other than the owner of a mount are on its disk: outside of all ranges that distributions, LDAP or container managers hand
    /// out (systemd, UIDS-GIDS.md: 1879048192 to 2147352575 is unused).
    /// </summary>
    public const uint Parking = 1879048192;

    // The range for container managers (systemd, UIDS-GIDS.md). The second half of a block holds single ids above 65535.
    private const uint First = 524288;
    private const uint Last = Parking - 1;
    private const uint Block = 2 * Width;
    private const uint Blocks = (Last - First + 1) / Block;

    /// <summary>Chooses a range.</summary>
    /// <param name="containerId">Where to begin, so that containers of several stores hardly ever meet: hexadecimal digits.</param>
    /// <param name="isTaken">True for a range, first id and count, in which somebody else's ids may be.</param>
    /// <param name="uids">Ids that must be mapped even above 65535.</param>
    /// <param name="gids">Likewise of groups.</param>
    /// <param name="sharedGids">Groups of the machine that own device nodes handed in: the same inside and outside.</param>
    /// <returns>The mapping, or null when every range is taken.</returns>
    public static IdMapping? Choose(
        string containerId,
        Func<uint, uint, bool> isTaken,
        IEnumerable<uint> uids,
        IEnumerable<uint> gids,
        IReadOnlyList<uint> sharedGids
    )
    {
        var start = uint.Parse(containerId.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % Blocks;
        for (uint step = 0; step < Blocks; step++)
        {
            var first = First + ((start + step) % Blocks * Block);
            if (!isTaken(first, Block))
            {
                return new IdMapping(Rows(first, uids, []), Rows(first, gids, sharedGids), Full: true);
            }
        }

        return null;
    }

    /// <summary>
    /// How a file or directory of the host looks inside: what its owner has belongs to the container's user, and what other users inside
    /// write belongs to nobody of the machine. Files of others are shown as nobody's, with the rights that others have.
    /// </summary>
    /// <param name="owner">Owner on disk.</param>
    /// <param name="user">The container's user.</param>
    /// <param name="container">Ids of the container, inside and outside.</param>
    public static IReadOnlyList<IdRange> ForMount(uint owner, uint user, IReadOnlyList<IdRange> container)
    {
        var outside = IdMapping.ToOutside(container, user) ?? throw new ArgumentException($"{user} is not mapped", nameof(user));
        List<IdRange> rows = [new(owner, outside, 1)];
        foreach (var range in container.Where(range => range.Inside < Width))
        {
            // Without the user's own row, which the owner has, and without what the owner would have twice.
            foreach (var part in Without(Without([range], range => range.Inside, user), range => Parking + range.Inside, owner))
            {
                rows.Add(new IdRange(Parking + part.Inside, part.Outside, part.Count));
            }
        }

        return rows;
    }

    /// <summary>Ranges of container ids on the machine, for <c>isTaken</c>.</summary>
    public static bool Overlaps(IReadOnlyList<IdRange> ranges, uint first, uint count) =>
        ranges.Any(range => range.Outside < (ulong)first + count && (ulong)range.Outside + range.Count > first);

    private static List<IdRange> Rows(uint first, IEnumerable<uint> needed, IReadOnlyList<uint> shared)
    {
        List<IdRange> rows = [new(0, first, Width)];
        foreach (var id in shared.Where(id => id is > 0 and < Width).Distinct())
        {
            rows = [.. Without(rows, row => row.Inside, id), new IdRange(id, id, 1)];
        }

        var next = first + Width;
        foreach (var id in needed.Where(id => id >= Width).Concat(shared.Where(id => id >= Width)).Distinct())
        {
            rows.Add(shared.Contains(id) ? new IdRange(id, id, 1) : new IdRange(id, next++, 1));
        }

        return [.. rows.OrderBy(row => row.Inside)];
    }

    /// <summary>The ranges with one id cut out; <paramref name="key"/> gives the first id of a range as it is counted here.</summary>
    private static List<IdRange> Without(IReadOnlyList<IdRange> ranges, Func<IdRange, uint> key, uint id)
    {
        var result = new List<IdRange>();
        foreach (var range in ranges)
        {
            var start = key(range);
            if (id < start || id - start >= range.Count)
            {
                result.Add(range);
                continue;
            }

            var before = id - start;
            if (before > 0)
            {
                result.Add(range with { Count = before });
            }

            if (before + 1 < range.Count)
            {
                result.Add(new IdRange(range.Inside + before + 1, range.Outside + before + 1, range.Count - before - 1));
            }
        }

        return result;
    }
}
