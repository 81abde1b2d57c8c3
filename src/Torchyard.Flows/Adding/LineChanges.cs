namespace Torchyard.Flows.Adding;

/// <summary>The lines in which two texts differ, in the order of the text.</summary>
internal static class LineChanges
{
    private const int MostLines = 4_000;

    /// <summary>Lines that went, begun with <c>-</c>, and that came, begun with <c>+</c>.</summary>
    public static IReadOnlyList<string> Between(string before, string after)
    {
        var (old, now) = (Lines(before), Lines(after));
        var start = 0;
        while (start < Math.Min(old.Length, now.Length) && old[start] == now[start])
        {
            start++;
        }

        var end = 0;
        while (end < Math.Min(old.Length, now.Length) - start && old[^(end + 1)] == now[^(end + 1)])
        {
            end++;
        }

        var (less, more) = (old[start..^end], now[start..^end]);
        return (long)less.Length * more.Length > (long)MostLines * MostLines
            ? [.. less.Select(line => "-" + line), .. more.Select(line => "+" + line)]
            : Common(less, more);
    }

    // The longest common subsequence, by the table of its lengths.
    private static List<string> Common(string[] less, string[] more)
    {
        var lengths = new int[less.Length + 1, more.Length + 1];
        for (var i = less.Length - 1; i >= 0; i--)
        {
            for (var j = more.Length - 1; j >= 0; j--)
            {
                lengths[i, j] = less[i] == more[j] ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        var changes = new List<string>();
        for (int i = 0, j = 0; i < less.Length || j < more.Length; )
        {
            if (i < less.Length && j < more.Length && less[i] == more[j])
            {
                i++;
                j++;
            }
            else if (i < less.Length && (j == more.Length || lengths[i + 1, j] >= lengths[i, j + 1]))
            {
                changes.Add("-" + less[i++]);
            }
            else
            {
                changes.Add("+" + more[j++]);
            }
        }

        return changes;
    }

    private static string[] Lines(string text) => text.Replace("\r", "", StringComparison.Ordinal).TrimEnd('\n').Split('\n');
}
