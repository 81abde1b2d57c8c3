using System.Globalization;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Version constraints as Poetry writes them (python-poetry.org, "Dependency specification"), as PEP 440 has them.</summary>
internal static class PoetryVersions
{
    /// <summary>Translates a constraint.</summary>
    /// <returns>Clauses of PEP 440; empty for any version; null for what is not one range, such as <c>1.* || 3.*</c>.</returns>
    public static string? Translate(string text)
    {
        if (text.Contains('|', StringComparison.Ordinal))
        {
            return null;
        }

        var clauses = new List<string>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var clause = part switch
            {
                "*" => "",
                ['^', .. var version] => Caret(version.Trim()),
                ['~', not '=', ..] => Tilde(part[1..].Trim()),
                _ when char.IsAsciiDigit(part[0]) => "==" + part,
                _ => part.Replace(" ", "", StringComparison.Ordinal),
            };
            if (clause is null)
            {
                return null;
            }

            if (clause.Length > 0)
            {
                clauses.Add(clause);
            }
        }

        var versions = string.Join(',', clauses);
        return versions.Length == 0 || VersionSpecifierSet.TryParse(versions, out _) ? versions : null;
    }

    // ^1.2.3 keeps the first number that is not 0: <2. ^0.2.3: <0.3. ^0.0.3: <0.0.4.
    private static string? Caret(string version)
    {
        if (Release(version) is not { } release)
        {
            return null;
        }

        var at = release.FindIndex(number => number > 0);
        at = at < 0 ? release.Count - 1 : at;
        return $">={version},<{Next(release, at)}";
    }

    // ~1.2.3 and ~1.2: <1.3. ~1: <2.
    private static string? Tilde(string version) =>
        Release(version) is { } release ? $">={version},<{Next(release, release.Count == 1 ? 0 : 1)}" : null;

    private static string Next(List<int> release, int at) =>
        string.Join('.', release.Take(at).Append(release[at] + 1).Select(number => number.ToString(CultureInfo.InvariantCulture)));

    private static List<int>? Release(string version)
    {
        var numbers = new List<int>();
        foreach (var part in version.Split('.'))
        {
            var digits = new string([.. part.TakeWhile(char.IsAsciiDigit)]);
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == int.MaxValue)
            {
                break;
            }

            numbers.Add(number);
            if (digits.Length < part.Length)
            {
                break;
            }
        }

        return numbers.Count > 0 ? numbers : null;
    }
}
