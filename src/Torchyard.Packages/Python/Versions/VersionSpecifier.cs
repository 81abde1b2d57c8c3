using System.Diagnostics.CodeAnalysis;

namespace Torchyard.Packages.Python.Versions;

/// <summary>Comparison operators of PEP 440, "Version specifiers".</summary>
public enum VersionOperator
{
    /// <summary><c>==</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>&lt;=</c></summary>
    AtMost,

    /// <summary><c>&gt;=</c></summary>
    AtLeast,

    /// <summary><c>&lt;</c></summary>
    Below,

    /// <summary><c>&gt;</c></summary>
    Above,

    /// <summary><c>~=</c></summary>
    Compatible,

    /// <summary><c>===</c>, compares the text.</summary>
    Identical,
}

/// <summary>One clause such as <c>&gt;=2.9</c>, <c>==13.1.0.3.*</c> or <c>~=1.4.2</c> (PEP 440, "Version specifiers").</summary>
public sealed record VersionSpecifier
{
    private readonly string _text;
    private readonly PythonVersion? _version;

    private VersionSpecifier(VersionOperator comparison, string text, PythonVersion? version, bool isPrefix)
    {
        Operator = comparison;
        _text = text;
        _version = version;
        IsPrefix = isPrefix;
    }

    /// <summary>The operator.</summary>
    public VersionOperator Operator { get; }

    /// <summary>True for <c>==V.*</c> and <c>!=V.*</c>.</summary>
    public bool IsPrefix { get; }

    /// <summary>The version of the clause; null for <c>===</c> with a text that is not a version.</summary>
    public PythonVersion? Version => _version;

    /// <summary>True when the clause itself names a pre-release, which lets pre-releases pass.</summary>
    public bool NamesPreRelease =>
        !IsPrefix
        && Operator is not (VersionOperator.NotEqual or VersionOperator.Below or VersionOperator.Above)
        && _version is { IsPreRelease: true };

    /// <summary>Reads one clause; false when it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out VersionSpecifier? specifier)
    {
        specifier = null;
        if (text is null || text.Length > PythonVersion.MaxLength)
        {
            return false;
        }

        var rest = text.AsSpan().Trim();
        if (!TryTakeOperator(ref rest, out var comparison))
        {
            return false;
        }

        rest = rest.TrimStart();
        if (comparison == VersionOperator.Identical)
        {
            if (rest.IsEmpty || rest.ContainsAny(" \t,;)"))
            {
                return false;
            }

            var exact = PythonVersion.TryParse(rest.ToString(), out var parsed) ? parsed : null;
            specifier = new VersionSpecifier(comparison, rest.ToString(), exact, false);
            return true;
        }

        var isPrefix = rest.EndsWith(".*");
        if (isPrefix)
        {
            rest = rest[..^2];
        }

        if (!PythonVersion.TryParse(rest.ToString(), out var version))
        {
            return false;
        }

        var equality = comparison is VersionOperator.Equal or VersionOperator.NotEqual;
        if (
            (version.Local is not null && (!equality || isPrefix))
            || (isPrefix && (!equality || version.Pre is not null || version.Post is not null || version.Dev is not null))
            || (comparison == VersionOperator.Compatible && version.Release.Length < 2)
        )
        {
            return false;
        }

        specifier = new VersionSpecifier(comparison, version.ToString(), version, isPrefix);
        return true;
    }

    /// <summary>True when <paramref name="candidate"/> satisfies the clause; pre-releases are judged like any other version.</summary>
    public bool Matches(PythonVersion candidate)
    {
        if (Operator == VersionOperator.Identical)
        {
            return string.Equals(candidate.ToString(), _version?.ToString() ?? _text, StringComparison.OrdinalIgnoreCase);
        }

        var version = _version!;
        return Operator switch
        {
            VersionOperator.Equal => EqualTo(candidate, version),
            VersionOperator.NotEqual => !EqualTo(candidate, version),
            VersionOperator.AtMost => candidate.Public <= version,
            VersionOperator.AtLeast => candidate.Public >= version,
            VersionOperator.Below => candidate < version
                && (version.IsPreRelease || !candidate.IsPreRelease || candidate.Base != version.Base),
            VersionOperator.Above => candidate > version
                && (version.IsPostRelease || !candidate.IsPostRelease || candidate.Base != version.Base)
                && (candidate.Local is null || candidate.Base != version.Base),
            _ => candidate.Public >= version && HasPrefix(candidate, version, version.Release.Length - 1),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Symbol(Operator) + _text + (IsPrefix ? ".*" : "");

    /// <inheritdoc/>
    public bool Equals(VersionSpecifier? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    internal static string Symbol(VersionOperator comparison) =>
        comparison switch
        {
            VersionOperator.Equal => "==",
            VersionOperator.NotEqual => "!=",
            VersionOperator.AtMost => "<=",
            VersionOperator.AtLeast => ">=",
            VersionOperator.Below => "<",
            VersionOperator.Above => ">",
            VersionOperator.Compatible => "~=",
            _ => "===",
        };

    internal static bool TryTakeOperator(ref ReadOnlySpan<char> rest, out VersionOperator comparison)
    {
        (comparison, var length) = rest switch
        {
            ['=', '=', '=', ..] => (VersionOperator.Identical, 3),
            ['=', '=', ..] => (VersionOperator.Equal, 2),
            ['!', '=', ..] => (VersionOperator.NotEqual, 2),
            ['<', '=', ..] => (VersionOperator.AtMost, 2),
            ['>', '=', ..] => (VersionOperator.AtLeast, 2),
            ['~', '=', ..] => (VersionOperator.Compatible, 2),
            ['<', ..] => (VersionOperator.Below, 1),
            ['>', ..] => (VersionOperator.Above, 1),
            _ => (VersionOperator.Equal, 0),
        };
        rest = rest[length..];
        return length > 0;
    }

    private bool EqualTo(PythonVersion candidate, PythonVersion version)
    {
        if (IsPrefix)
        {
            return HasPrefix(candidate, version, version.Release.Length);
        }

        return version.Local is null ? candidate.Public == version : candidate == version;
    }

    private static bool HasPrefix(PythonVersion candidate, PythonVersion version, int segments)
    {
        if (candidate.Epoch != version.Epoch)
        {
            return false;
        }

        for (var i = 0; i < segments; i++)
        {
            if (candidate.Segment(i) != version.Release[i])
            {
                return false;
            }
        }

        return true;
    }
}
