using System.Globalization;

namespace Torchyard.Containers.Namespaces;

/// <summary>Ids that a user may map in a user namespace (subuid(5)).</summary>
/// <param name="Start">First id.</param>
/// <param name="Count">How many.</param>
public sealed record SubordinateRange(uint Start, uint Count);

/// <summary>Reads /etc/subuid and /etc/subgid (subuid(5), subgid(5)): <c>name-or-uid:start:count</c> a line.</summary>
public static class SubordinateIds
{
    /// <summary>The largest row of the user, or null without one. Rows that cannot be read are passed over.</summary>
    /// <param name="lines">Lines of the file.</param>
    /// <param name="userName">Login name.</param>
    /// <param name="uid">User id; also for subgid.</param>
    public static SubordinateRange? Find(IEnumerable<string> lines, string userName, uint uid)
    {
        ArgumentNullException.ThrowIfNull(lines);
        SubordinateRange? best = null;
        var uidText = uid.ToString(CultureInfo.InvariantCulture);
        foreach (var line in lines)
        {
            var fields = line.Split(':');
            if (
                fields.Length == 3
                && (fields[0] == userName || fields[0] == uidText)
                && uint.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count > (best?.Count ?? 0)
                && start <= uint.MaxValue - count
            )
            {
                best = new SubordinateRange(start, count);
            }
        }

        return best;
    }

    /// <summary>Reads a file that may be missing.</summary>
    internal static SubordinateRange? Read(string path, string userName, uint uid) =>
        File.Exists(path) ? Find(File.ReadLines(path), userName, uid) : null;
}
