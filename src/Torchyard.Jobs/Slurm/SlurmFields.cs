using System.Text.RegularExpressions;

namespace Torchyard.Jobs.Slurm;

/// <summary>
/// The lines of <c>scontrol --oneliner show</c>: KEY=VALUE, with values that have spaces. The form is that of all releases; their JSON is
/// another one in each.
/// </summary>
public static partial class SlurmFields
{
    /// <summary>Reads one line. A value goes on until the next word that is a key.</summary>
    public static IReadOnlyDictionary<string, string> Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var keys = Key().Matches(line);
        for (var i = 0; i < keys.Count; i++)
        {
            var start = keys[i].Index + keys[i].Length;
            var end = i + 1 < keys.Count ? keys[i + 1].Index : line.Length;
            fields.TryAdd(keys[i].Groups[1].Value, line[start..end].Trim());
        }

        return fields;
    }

    [GeneratedRegex(@"(?:\A|(?<= ))([A-Z][A-Za-z/:*]*)=", RegexOptions.CultureInvariant)]
    private static partial Regex Key();
}
