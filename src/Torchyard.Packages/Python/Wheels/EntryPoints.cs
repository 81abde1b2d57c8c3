using System.Text;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>A script that an entry point asks for.</summary>
/// <param name="Name">File name in <c>bin</c>.</param>
/// <param name="Module">Module to import.</param>
/// <param name="Function">Object to call, dotted.</param>
public sealed record ConsoleScript(string Name, string Module, string Function);

/// <summary>entry_points.txt (packaging.python.org, "Entry points specification"), as far as scripts go.</summary>
internal static class EntryPoints
{
    /// <summary>The scripts of <c>console_scripts</c> and <c>gui_scripts</c>, which are the same thing on Linux.</summary>
    /// <exception cref="InvalidDataException">It breaks the format.</exception>
    public static IReadOnlyList<ConsoleScript> Parse(ReadOnlySpan<byte> content)
    {
        var scripts = new List<ConsoleScript>();
        var section = "";
        foreach (var raw in Encoding.UTF8.GetString(content).TrimStart('\uFEFF').AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.IsEmpty || line[0] is '#' or ';')
            {
                continue;
            }

            if (line[0] == '[')
            {
                section =
                    line[^1] == ']'
                        ? line[1..^1].Trim().ToString()
                        : throw new InvalidDataException($"entry_points.txt: '{line}' is not a section");
                continue;
            }

            if (section is "console_scripts" or "gui_scripts")
            {
                scripts.Add(ParseScript(line));
            }
        }

        return scripts.DistinctBy(s => s.Name, StringComparer.Ordinal).Count() == scripts.Count
            ? scripts
            : throw new InvalidDataException("entry_points.txt names a script twice");
    }

    private static ConsoleScript ParseScript(ReadOnlySpan<char> line)
    {
        var equals = line.IndexOf('=');
        var name = (equals < 0 ? line : line[..equals]).Trim().ToString();
        var target = equals < 0 ? default : line[(equals + 1)..].Trim();
        var extras = target.IndexOf('[');
        if (extras >= 0)
        {
            // "[extra]" after the object is deprecated and has no meaning for the script.
            target = target[..extras].TrimEnd();
        }

        var colon = target.IndexOf(':');
        var module = (colon < 0 ? target : target[..colon]).Trim().ToString();
        var function = colon < 0 ? "" : target[(colon + 1)..].Trim().ToString();
        // The name becomes a file and the rest becomes source text: nothing but names and dots may pass.
        return IsFileName(name) && IsDotted(module) && IsDotted(function)
            ? new ConsoleScript(name, module, function)
            : throw new InvalidDataException($"entry_points.txt: '{line}' is not a script");
    }

    private static bool IsFileName(string name) =>
        name.Length is > 0 and <= 200
        && name is not ("." or "..")
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or ' ' or '+');

    private static bool IsDotted(string text) =>
        text.Length > 0
        && text.Split('.').All(part => part.Length > 0 && !char.IsDigit(part[0]) && part.All(c => char.IsLetterOrDigit(c) || c == '_'));
}
