using System.IO.Enumeration;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>Names of packages that may come from an archive, with <c>*</c> for any letters; none of them for no rule.</summary>
/// <param name="Patterns">The names.</param>
internal sealed record NamePatterns(IReadOnlyList<string> Patterns)
{
    /// <summary>True when no names are given.</summary>
    public bool IsEmpty => Patterns.Count == 0;

    /// <summary>True for a name that one of them has.</summary>
    public bool Has(string name) => Patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
}
