namespace Torchyard.Architecture;

/// <summary>
/// <c>arrows.txt</c>: a line <c>USER: USED USED…</c> for each project, and below a line <c>[PROJECT]</c> one for each of its folders.
/// </summary>
internal sealed class ArrowTable
{
    private ArrowTable(IReadOnlyDictionary<string, IReadOnlyList<string>> lines) => Lines = lines;

    /// <summary>What each may use. A folder is written with its project before it: <c>Torchyard.Images/Layers</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Lines { get; }

    /// <summary>Reads the table of this repository.</summary>
    public static ArrowTable Read() => Parse(SourceTree.Read("tests/Architecture/arrows.txt"));

    /// <summary>Reads a table.</summary>
    /// <exception cref="FormatException">A line is not of the form, or a name stands twice.</exception>
    public static ArrowTable Parse(string text)
    {
        var lines = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var project = "";
        foreach (var line in text.Split('\n').Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0))
        {
            if (line is ['[', .. var name, ']'])
            {
                project = name + "/";
            }
            else if (
                line.Split(':') is not [var user, var used]
                || !lines.TryAdd(project + user, [.. used.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => project + one)])
            )
            {
                throw new FormatException($"'{line}' is not 'USER: USED…', or stands twice");
            }
        }

        return new ArrowTable(lines);
    }

    /// <summary>What an arrow of the table points at although it stands below: where this is empty, no way leads back.</summary>
    public IEnumerable<string> Upwards()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (user, used) in Lines)
        {
            foreach (var one in used.Where(one => !seen.Contains(one)))
            {
                yield return $"{user} -> {one}";
            }

            seen.Add(user);
        }
    }
}
