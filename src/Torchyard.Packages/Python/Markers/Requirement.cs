using System.Diagnostics.CodeAnalysis;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Markers;

/// <summary>
/// One requirement, e.g. <c>cuda-toolkit[cublas,nvtx]==13.0.2; platform_system == "Linux"</c>
/// ("Dependency specifiers", PEP 508), as in <c>Requires-Dist</c>.
/// </summary>
public sealed record Requirement
{
    /// <summary>Longest text that is read, in UTF-16 units.</summary>
    public const int MaxLength = 16 * 1024;

    private const string Blanks = " \t";

    /// <summary>Name of the distribution.</summary>
    public required ProjectName Name { get; init; }

    /// <summary>Extras asked for, in normal form, in the order of the text.</summary>
    public IReadOnlyList<string> Extras { get; init; } = [];

    /// <summary>Accepted versions; all of them when the requirement gives a URL.</summary>
    public VersionSpecifierSet Versions { get; init; } = VersionSpecifierSet.Any;

    /// <summary>Direct reference after <c>@</c>, or null.</summary>
    public string? Url { get; init; }

    /// <summary>Condition, or null for none.</summary>
    public Marker? Marker { get; init; }

    /// <summary>Reads a requirement.</summary>
    /// <exception cref="TorchyardException">TY2803 when the text is none.</exception>
    public static Requirement Parse(string text) =>
        TryParse(text, out var requirement, out var error)
            ? requirement
            : throw new TorchyardException(
                "TY2803",
                $"'{PythonVersion.Shorten(text)}' is not a Python requirement: {error}",
                "write it as PEP 508 says, for example numpy>=2,<3 or torch==2.9.*; platform_system == \"Linux\"."
            );

    /// <summary>Reads a requirement; on failure <paramref name="error"/> says what was expected.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Requirement? requirement, [NotNullWhen(false)] out string? error) =>
        TryParse(text, out requirement, out error, out _);

    /// <summary>As above; on failure <paramref name="at"/> is the index in the text where the wrong part begins.</summary>
    internal static bool TryParse(
        string text,
        [NotNullWhen(true)] out Requirement? requirement,
        [NotNullWhen(false)] out string? error,
        out int at
    )
    {
        requirement = null;
        at = 0;
        if (text.Length > MaxLength)
        {
            error = $"longer than {MaxLength} characters";
            return false;
        }

        // What is left to read always ends where the text does, so its length tells where it begins.
        // Blanks and tabs are the only white space of the grammar.
        var textEnd = text.AsSpan().TrimEnd(Blanks).Length;
        var rest = text.AsSpan().Trim(Blanks);
        at = textEnd - rest.Length;
        var length = 0;
        while (length < rest.Length && (char.IsAsciiLetterOrDigit(rest[length]) || rest[length] is '-' or '_' or '.'))
        {
            length++;
        }

        if (!ProjectName.TryParse(rest[..length].ToString(), out var name))
        {
            error = "expected the name of a distribution";
            return false;
        }

        rest = rest[length..].TrimStart(Blanks);
        at = textEnd - rest.Length;
        if (!TryTakeExtras(ref rest, out var extras, out error, out var wrongExtra))
        {
            at += wrongExtra;
            return false;
        }

        string? url = null;
        var versions = VersionSpecifierSet.Any;
        if (rest.StartsWith("@"))
        {
            // ';' may be part of a URL, so the marker begins at the first ';' after white space.
            rest = rest[1..].TrimStart(Blanks);
            var end = rest.IndexOfAny(' ', '\t');
            url = (end < 0 ? rest : rest[..end]).ToString();
            at = textEnd - rest.Length;
            rest = end < 0 ? [] : rest[end..].TrimStart(Blanks);
            if (url.Length == 0)
            {
                error = "expected a URL after '@'";
                return false;
            }
        }
        else
        {
            var end = rest.IndexOf(';');
            var clauses = (end < 0 ? rest : rest[..end]).Trim(Blanks);
            at = textEnd - rest.Length;
            rest = end < 0 ? [] : rest[end..];
            if (clauses is ['(', .., ')'])
            {
                clauses = clauses[1..^1];
                at++;
            }

            if (!IsList(clauses) || !VersionSpecifierSet.TryParse(clauses.ToString(), out versions!))
            {
                at += VersionSpecifierSet.FirstWrong(clauses.ToString());
                error = $"'{PythonVersion.Shorten(clauses.ToString())}' is not a version specifier";
                return false;
            }
        }

        Marker? marker = null;
        if (!rest.IsEmpty)
        {
            at = textEnd - rest.Length;
            if (rest[0] != ';')
            {
                error = "expected ';' and a marker, or the end";
                return false;
            }

            if (!Markers.Marker.TryParse(rest[1..].ToString(), out marker, out error, out var wrong))
            {
                at += 1 + wrong;
                error = "in the marker, " + error;
                return false;
            }
        }

        error = null;
        requirement = new Requirement
        {
            Name = name,
            Extras = extras,
            Versions = versions,
            Url = url,
            Marker = marker,
        };
        return true;
    }

    // Specifier sets elsewhere may have empty clauses; a requirement, one at its end. Other white space than blanks may follow an operator
    // only.
    private static bool IsList(ReadOnlySpan<char> clauses)
    {
        var before = ',';
        foreach (var c in clauses)
        {
            if ((c == ',' && before == ',') || (char.IsWhiteSpace(c) && c is not (' ' or '\t') && before is not ('=' or '<' or '>')))
            {
                return false;
            }

            before = char.IsWhiteSpace(c) ? before : c;
        }

        return true;
    }

    /// <summary>True when the requirement counts for the interpreter and the extras of the distribution that states it.</summary>
    public bool Applies(MarkerEnvironment environment, IReadOnlyCollection<string>? extras = null) =>
        Marker is null || Marker.Evaluate(environment, extras);

    /// <summary>The requirement in one spelling.</summary>
    public override string ToString()
    {
        var extras = Extras.Count == 0 ? "" : $"[{string.Join(',', Extras)}]";
        var versions = Url is null ? Versions.ToString() : $" @ {Url}";
        return $"{Name}{extras}{versions}{(Marker is null ? "" : $"{(Url is null ? "" : " ")}; {Marker}")}";
    }

    /// <inheritdoc/>
    public bool Equals(Requirement? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static bool TryTakeExtras(
        ref ReadOnlySpan<char> rest,
        out IReadOnlyList<string> extras,
        [NotNullWhen(false)] out string? error,
        out int at
    )
    {
        extras = [];
        error = null;
        at = 0;
        if (!rest.StartsWith("["))
        {
            return true;
        }

        var end = rest.IndexOf(']');
        if (end < 0)
        {
            error = "expected ']' after the extras";
            return false;
        }

        var names = new List<string>();
        var next = 1;
        foreach (var entry in rest[1..end].ToString().Split(','))
        {
            var part = entry.Trim(' ', '\t');
            at = next + entry.Length - entry.AsSpan().TrimStart(Blanks).Length;
            next += entry.Length + 1;
            if (part.Length == 0 && rest[1..end].Trim(Blanks).IsEmpty)
            {
                break;
            }

            if (!ProjectName.TryParse(part, out var extra))
            {
                error = $"'{PythonVersion.Shorten(part)}' is not the name of an extra";
                return false;
            }

            names.Add(extra.Normal);
        }

        extras = names;
        rest = rest[(end + 1)..].TrimStart(Blanks);
        return true;
    }
}
