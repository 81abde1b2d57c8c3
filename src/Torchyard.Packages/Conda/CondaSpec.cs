using System.Buffers;
using System.Text.RegularExpressions;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Conda;

/// <summary>
/// A match specification of conda: <c>conda-forge::numpy=1.19.2=py38_0</c>, <c>numpy &gt;=1.19,&lt;2</c>, <c>numpy[version='1.19.*']</c>
/// (conda documentation, "Package match specifications").
/// </summary>
/// <param name="Channel">Channel that it must come from, or null.</param>
/// <param name="Name">Name of the package, in lower case.</param>
/// <param name="Version">Version as it is written, with its operator; empty for any.</param>
/// <param name="Build">Build string, or null.</param>
public sealed partial record CondaSpec(string? Channel, string Name, string Version, string? Build)
{
    private const int Longest = 1024;

    private static readonly SearchValues<char> Operators = SearchValues.Create("<>=!~");
    private static readonly SearchValues<char> OperatorsAndComma = SearchValues.Create("<>=!~,");

    /// <summary>Reads a specification; false for what is none.</summary>
    public static bool TryParse(string text, out CondaSpec spec)
    {
        spec = new CondaSpec(null, "", "", null);
        if (text.Length > Longest || Form().Match(text.Trim()) is not { Success: true } match)
        {
            return false;
        }

        var channel = match.Groups["channel"] is { Success: true } named ? named.Value : null;
        var (version, build) = Split(match.Groups["rest"].Value.Trim());
        var brackets = match.Groups["brackets"].Value;
        if (brackets.Length > 0 && Bracketed().Replace(brackets, "").AsSpan().IndexOfAnyExcept("[], ") >= 0)
        {
            return false;
        }

        foreach (Match pair in Bracketed().Matches(brackets))
        {
            var value = pair.Groups["value"].Value.Trim('\'', '"');
            switch (pair.Groups["key"].Value)
            {
                case "version":
                    version = value;
                    break;
                case "build":
                    build = value;
                    break;
                case "channel":
                    channel = value;
                    break;
                default:
                    return false;
            }
        }

        spec = new CondaSpec(channel, match.Groups["name"].Value.ToLowerInvariant(), version, build);
        return true;
    }

    /// <summary>
    /// The version as Python's indexes take it (PEP 440): <c>==1.19.2</c> for <c>=1.19.2</c>, <c>==1.19.*</c> for <c>=1.19</c>, empty for
    /// any; null where it says what PEP 440 cannot.
    /// </summary>
    public string? PythonVersions()
    {
        if (Version.Length == 0 || Version == "*" || Version == "=*")
        {
            return "";
        }

        if (Version.Contains('|', StringComparison.Ordinal))
        {
            return null;
        }

        var clauses = new List<string>();
        foreach (var part in Version.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.AsSpan().IndexOfAnyExcept("<>=!~");
            if (at < 0)
            {
                return null;
            }

            var (relation, number) = (part[..at], part[at..].Trim());
            clauses.Add(
                relation switch
                {
                    "" or "=" => Near(number),
                    "==" or "!=" => relation + Starred(number),
                    _ => relation + number.Replace(".*", "", StringComparison.Ordinal).TrimEnd('*'),
                }
            );
        }

        var versions = string.Join(',', clauses.Where(clause => clause.Length > 0));
        return versions.Length == 0 || VersionSpecifierSet.TryParse(versions, out _) ? versions : null;
    }

    /// <summary>The first number of the version, without what is not part of one: <c>11.8</c> of <c>=11.8.0</c>; null for none.</summary>
    public string? Number => Digits().Match(Version) is { Success: true } match ? match.Value : null;

    private static (string Version, string? Build) Split(string rest)
    {
        if (rest.StartsWith('=') && !rest.StartsWith("==", StringComparison.Ordinal))
        {
            // name=version=build
            var parts = rest[1..].Split('=', 2, StringSplitOptions.TrimEntries);
            return ("=" + parts[0], parts.Length > 1 ? parts[1] : null);
        }

        if (rest.StartsWith("==", StringComparison.Ordinal) && rest.IndexOf('=', 2) is > 2 and var second)
        {
            return (rest[..second], rest[(second + 1)..]);
        }

        // "1.8* py27_0", but not ">= 1.8".
        var words = rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var isOperator = words.Length > 0 && words[0].AsSpan().IndexOfAnyExcept(Operators) < 0;
        return words.Length == 2 && !isOperator && !words[1].AsSpan().ContainsAny(OperatorsAndComma) && !words[0].EndsWith(',')
            ? (words[0], words[1])
            : (string.Concat(words), null);
    }

    // "1.19" stands for every 1.19.x; a third number says which one.
    private static string Near(string number)
    {
        var starred = Starred(number);
        return starred == "*" || starred.Length == 0 ? ""
            : starred.EndsWith(".*", StringComparison.Ordinal) || number.Count(letter => letter == '.') >= 2 ? "==" + starred
            : $"=={starred}.*";
    }

    // "1.8*" is written without a dot by conda.
    private static string Starred(string number) =>
        number.EndsWith('*') && !number.EndsWith(".*", StringComparison.Ordinal) && number.Length > 1 ? number[..^1] + ".*" : number;

    [GeneratedRegex(
        @"^((?<channel>[^\s:\[\]]+)::?)?(?<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)(?<rest>[\s<>=!~][^\[\]#]*)?(?<brackets>\[[^\[\]]*\])?(\s+#.*)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Form();

    [GeneratedRegex(@"(?<key>[a-z0-9_]+)\s*=\s*(?<value>'[^']*'|""[^""]*""|[^,\]]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Bracketed();

    [GeneratedRegex("[0-9]+(\\.[0-9]+)*", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}
