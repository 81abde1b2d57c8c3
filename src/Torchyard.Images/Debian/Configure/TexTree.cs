using System.Text;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// What TeX's scripts leave below <c>/var/lib/texmf</c> that depends on the clock, on chance or on the order of directories.
/// </summary>
internal static class TexTree
{
    private const string Formats = "var/lib/texmf/web2c";
    private const long LargestList = 256 << 20;

    // Their formats have Lua's tables in the order of a hash that is seeded by addresses. TeX makes a format that is missing when it is
    // first used.
    private static readonly string[] EnginesWithLua = ["luatex", "luahbtex", "luajittex", "luajithbtex"];

    // The one that dumps the moment of its making whatever SOURCE_DATE_EPOCH says; see TexFormat.
    private const string KnuthsTex = "tex";

    private static readonly string[] Trees = ["var/lib/texmf", "usr/local/share/texmf"];

    /// <summary>Makes what one stage changed depend on the packages alone.</summary>
    /// <param name="upper">What the stage changed.</param>
    /// <param name="changes">The same directory.</param>
    /// <param name="epoch">The time of the lock, seconds since 1970.</param>
    /// <returns>What still depends on the clock, one line each.</returns>
    internal static IReadOnlyList<string> Settle(UpperDirectory upper, ConfinedDirectory changes, long epoch)
    {
        var unsettled = new List<string>();
        foreach (var directory in upper.Names(Formats).Select(name => $"{Formats}/{name}"))
        {
            var isLua = EnginesWithLua.Any(engine => directory == $"{Formats}/{engine}");
            foreach (var name in upper.Names(directory).Where(name => IsLog(name) || (isLua && IsFormat(name))))
            {
                upper.Forget($"{directory}/{name}");
            }

            foreach (var path in upper.Names(directory).Where(IsFormat).Select(name => $"{directory}/{name}"))
            {
                if (
                    changes.Status(path) is { IsRegular: true, Size: <= TexFormat.LargestFile } file
                    && changes.ReadBytes(path, TexFormat.LargestFile) is { } format
                    && TexFormat.Settled(format, file.ModifiedAt, epoch) is { } settled
                )
                {
                    upper.Write(path, settled, (int)file.Permissions, file.User, file.Group);
                }
                else if (directory == $"{Formats}/{KnuthsTex}")
                {
                    unsettled.Add($"/{path}: the minute in which it was made was not found in it, so each build may give another image");
                }
            }

            if (IsLog(directory))
            {
                upper.Forget(directory);
            }
        }

        foreach (
            var path in Trees.SelectMany(tree =>
                upper.Names(tree).Where(name => name.StartsWith("ls-R", StringComparison.Ordinal)).Select(name => $"{tree}/{name}")
            )
        )
        {
            if (changes.Status(path) is { IsRegular: true } file && changes.ReadBytes(path, LargestList) is { } list)
            {
                upper.Write(
                    path,
                    Encoding.Latin1.GetBytes(Sorted(Encoding.Latin1.GetString(list))),
                    (int)file.Permissions,
                    file.User,
                    file.Group
                );
            }
        }

        return unsettled;
    }

    /// <summary>
    /// A list of files as <c>mktexlsr</c> writes it, in the order of the names instead of that of the file system. It has comments, then
    /// for each directory its path with a colon and the names in it, blank lines in between; the root comes first, once for kpathsea and
    /// once for ls.
    /// </summary>
    internal static string Sorted(string list)
    {
        var parts = list.TrimEnd('\n').Split("\n\n").Select(part => part.TrimStart('\n')).ToList();
        var comments = parts.TakeWhile(part => part.StartsWith('%') || part is "./:").ToList();
        var directories = parts
            .Skip(comments.Count)
            .Select(part => part.Split('\n'))
            .Select(lines =>
            {
                var heads = lines.TakeWhile(line => line.EndsWith(':')).ToList();
                return (
                    Key: (heads.LastOrDefault() ?? "").TrimEnd(':'),
                    Text: string.Join('\n', [.. heads, .. lines.Skip(heads.Count).Order(StringComparer.Ordinal)])
                );
            })
            .OrderBy(part => part.Key is "./" or "." ? 0 : 1)
            .ThenBy(part => part.Key, StringComparer.Ordinal)
            .Select(part => part.Text);
        return string.Join("\n\n", [.. comments, .. directories]) + "\n";
    }

    private static bool IsFormat(string name) => name.EndsWith(".fmt", StringComparison.Ordinal);

    private static bool IsLog(string name) => name.EndsWith(".log", StringComparison.Ordinal);
}
