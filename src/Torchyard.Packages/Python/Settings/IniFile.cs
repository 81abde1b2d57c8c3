namespace Torchyard.Packages.Python.Settings;

/// <summary>
/// Files in the format of Python's <c>configparser.RawConfigParser</c>, which pip.conf and keyring files use: <c>[section]</c>,
/// <c>key = value</c> or <c>key: value</c>, continuation lines by indentation, whole-line comments with <c>#</c> or <c>;</c>.
/// </summary>
internal static class IniFile
{
    /// <summary>Reads (section, key) to value; keys are lower case, as configparser makes them, unless asked otherwise.</summary>
    /// <exception cref="InvalidDataException">A line that is neither; the message has its number.</exception>
    public static IReadOnlyDictionary<(string Section, string Key), string> Parse(string text, bool keepCase = false)
    {
        var values = new Dictionary<(string, string), string>();
        var section = "";
        (string, string)? current = null;
        var number = 0;
        foreach (var raw in text.TrimStart('\uFEFF').AsSpan().EnumerateLines())
        {
            number++;
            var line = raw.Trim();
            if (line.IsEmpty || line[0] is '#' or ';')
            {
                continue;
            }

            if (raw[0] is ' ' or '\t' && current is { } open)
            {
                values[open] += "\n" + line.ToString();
                continue;
            }

            if (line[0] == '[')
            {
                section = line[^1] == ']' ? line[1..^1].ToString() : throw new InvalidDataException($"line {number}: '[' without ']'");
                current = null;
                continue;
            }

            var separator = line.IndexOfAny('=', ':');
            if (separator <= 0 || section.Length == 0)
            {
                throw new InvalidDataException($"line {number} is not a 'key = value' of a [section]");
            }

            var key = line[..separator].TrimEnd().ToString();
            current = (section, keepCase ? key : key.ToLowerInvariant());
            values[current.Value] = line[(separator + 1)..].TrimStart().ToString();
        }

        return values;
    }
}
