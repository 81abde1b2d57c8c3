using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Trees;

namespace Torchyard.EndToEnd.Peers;

/// <summary>A list of differences that have a reason: each line has kinds, a pattern of paths, and the reason.</summary>
internal sealed class AllowedDifferences
{
    private readonly List<(string[] Kinds, Regex Path, string Line)> _lines = [];
    private readonly HashSet<string> _used = [];

    /// <summary>Reads the list; a line without a reason is a mistake.</summary>
    public static AllowedDifferences Read(string file)
    {
        var result = new AllowedDifferences();
        foreach (var line in File.ReadLines(file).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var words = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
            Assert.True(words is [_, _, { Length: > 6 }], $"a difference needs a reason: {line}");
            var pattern = Regex
                .Escape(words[1])
                .Replace("\\*\\*", ".*", StringComparison.Ordinal)
                .Replace("\\*", "[^/]*", StringComparison.Ordinal);
            result._lines.Add((words[0].Split(','), new Regex($"^{pattern}$", RegexOptions.CultureInvariant), line));
        }

        return result;
    }

    /// <summary>Lines that no difference needed so far.</summary>
    public IEnumerable<string> Unused => _lines.Select(line => line.Line).Where(line => !_used.Contains(line));

    public bool Has(TreeDifference difference)
    {
        foreach (var (kinds, path, line) in _lines)
        {
            if (kinds.Contains(difference.What) && path.IsMatch(difference.Path))
            {
                _used.Add(line);
                return true;
            }
        }

        return false;
    }
}
