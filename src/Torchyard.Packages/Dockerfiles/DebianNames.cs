using System.IO.Enumeration;
using System.Text;

namespace Torchyard.Packages.Dockerfiles;

/// <summary>What becomes of an apt package of another system.</summary>
/// <param name="Names">Its names in Debian; empty where there is none.</param>
/// <param name="Note">What is to be said about it, or null.</param>
/// <param name="IsNeeded">False where nothing has to be done for it.</param>
public sealed record DebianName(IReadOnlyList<string> Names, string? Note, bool IsNeeded);

/// <summary>Names of apt packages that Debian 12 and 13 have otherwise: <c>debian-names.tsv</c>.</summary>
public static class DebianNames
{
    private static readonly Lazy<IReadOnlyList<(string Pattern, DebianName Name)>> Table = new(Read);

    /// <summary>Looks a package up; one that is not in the table has the same name.</summary>
    public static DebianName Find(string package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return Table.Value.FirstOrDefault(row => Matches(row.Pattern, package)).Name ?? new DebianName([package], null, true);
    }

    // "gcc-[0-9]*" is a digit and any end; the rest is simple.
    private static bool Matches(string pattern, string package)
    {
        var digits = pattern.IndexOf("[0-9]", StringComparison.Ordinal);
        return digits < 0
            ? FileSystemName.MatchesSimpleExpression(pattern, package, ignoreCase: false)
            : package.StartsWith(pattern[..digits], StringComparison.Ordinal)
                && package.Length > digits
                && package[digits..].All(letter => char.IsAsciiDigit(letter) || letter == '.');
    }

    private static List<(string, DebianName)> Read()
    {
        using var stream = typeof(DebianNames).Assembly.GetManifestResourceStream("names/debian.tsv")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var rows = new List<(string, DebianName)>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var fields = line.Split('\t');
            var name = new DebianName(
                fields[2].Split(' ', StringSplitOptions.RemoveEmptyEntries),
                fields.Length > 3 ? fields[3] : null,
                fields[1] != "none"
            );
            rows.AddRange(fields[0].Split(' ').Select(pattern => (pattern, name)));
        }

        return rows;
    }
}
