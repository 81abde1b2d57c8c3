using System.Globalization;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Groups that an ordinary user has beside the first one. They cannot be mapped into a user namespace (newgidmap(1) maps the first and the
/// subordinate ones), but a process there has them as long as nobody sets its groups.
/// </summary>
internal static class CallerGroups
{
    /// <summary>The groups.</summary>
    public static IReadOnlySet<uint> Further { get; } = Parse(File.ReadLines("/proc/self/status"), UserCalls.EffectiveGroup());

    /// <summary>Reads the row <c>Groups</c> of /proc/PID/status.</summary>
    /// <param name="status">Lines of the file.</param>
    /// <param name="first">The first group, which is none of them.</param>
    internal static IReadOnlySet<uint> Parse(IEnumerable<string> status, uint first)
    {
        var groups = new HashSet<uint>();
        foreach (var line in status.Where(line => line.StartsWith("Groups:", StringComparison.Ordinal)))
        {
            foreach (var word in line["Groups:".Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                if (uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                {
                    groups.Add(id);
                }
            }
        }

        groups.Remove(first);
        return groups;
    }

    /// <summary>
    /// True when one of these groups has rights on a file or directory that its owner does not have by himself, or others have not.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="caller">The user.</param>
    public static bool GiveRights(FileStatus file, uint caller)
    {
        var (group, others) = ((file.Mode >> 3) & 7, file.Mode & 7);
        return file.User != caller && Further.Contains(file.Group) && (group & ~others) != 0;
    }
}
