using System.Diagnostics.CodeAnalysis;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Versions;

/// <summary>Comma-separated clauses that must all hold, e.g. <c>&gt;=3.10,!=3.14.1</c>; empty text accepts every version.</summary>
public sealed record VersionSpecifierSet
{
    private const int MaxClauses = 64;

    private VersionSpecifierSet(IReadOnlyList<VersionSpecifier> clauses) => Clauses = clauses;

    /// <summary>Accepts every version.</summary>
    public static VersionSpecifierSet Any { get; } = new([]);

    /// <summary>The clauses in the order of the text.</summary>
    public IReadOnlyList<VersionSpecifier> Clauses { get; }

    /// <summary>Reads a set.</summary>
    /// <exception cref="TorchyardException">TY2802 when a clause is wrong.</exception>
    public static VersionSpecifierSet Parse(string text) =>
        TryParse(text, out var set)
            ? set
            : throw new TorchyardException(
                "TY2802",
                $"'{PythonVersion.Shorten(text)}' is not a version specifier",
                "write clauses separated by commas as PEP 440 says, for example >=2.9,<2.11 or ==2.9.*."
            );

    /// <summary>Where in a text that is not a set the first wrong clause begins; 0 when there is none.</summary>
    internal static int FirstWrong(string text)
    {
        var start = 0;
        foreach (var part in text.Split(','))
        {
            if (!string.IsNullOrWhiteSpace(part) && !VersionSpecifier.TryParse(part, out _))
            {
                return start + part.Length - part.AsSpan().TrimStart().Length;
            }

            start += part.Length + 1;
        }

        return 0;
    }

    /// <summary>Reads a set; false when a clause is wrong or there are more than 64.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out VersionSpecifierSet? set)
    {
        set = null;
        if (text is null || text.Length > MaxClauses * PythonVersion.MaxLength)
        {
            return false;
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            set = Any;
            return true;
        }

        var parts = text.Split(',');
        if (parts.Length > MaxClauses)
        {
            return false;
        }

        var clauses = new List<VersionSpecifier>(parts.Length);
        foreach (var part in parts)
        {
            // A trailing comma is accepted, as every installer does: "(>=1.0,)" is found in real METADATA.
            if (string.IsNullOrWhiteSpace(part))
            {
                continue;
            }

            if (!VersionSpecifier.TryParse(part, out var clause))
            {
                return false;
            }

            clauses.Add(clause);
        }

        set = new VersionSpecifierSet(clauses);
        return clauses.Count > 0;
    }

    /// <summary>
    /// True when every clause holds. Pre-releases pass only if <paramref name="preReleases"/> is true,
    /// or null and a clause names a pre-release (PEP 440, "Handling of pre-releases").
    /// </summary>
    public bool Contains(PythonVersion version, bool? preReleases = null)
    {
        if (version.IsPreRelease && !(preReleases ?? Clauses.Any(clause => clause.NamesPreRelease)))
        {
            return false;
        }

        foreach (var clause in Clauses)
        {
            if (!clause.Matches(version))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', Clauses);

    /// <inheritdoc/>
    public bool Equals(VersionSpecifierSet? other) => other is not null && Clauses.SequenceEqual(other.Clauses);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
}
