using System.Text.RegularExpressions;

namespace Torchyard.Recipes.Settings;

/// <summary>A further Debian archive, <c>[[archives]]</c>, with the key that signs it.</summary>
public sealed partial record ArchiveSettings
{
    /// <summary>Archive root by http, https or <c>file:</c>; a login in it stands as <c>${VARIABLE}</c> alone.</summary>
    public required string Url { get; init; }

    /// <summary>Suite; one that ends with a slash is the directory of a flat archive (sources.list(5)).</summary>
    public required string Suite { get; init; }

    /// <summary>Components; empty for a flat archive.</summary>
    public IReadOnlyList<string> Components { get; init; } = [];

    /// <summary>File with the OpenPGP keys that may sign it, relative to the recipe; no other key counts.</summary>
    public required string Key { get; init; }

    /// <summary>
    /// Names of packages that may come from it, with <c>*</c> for any letters; empty for all that no archive before it has.
    /// </summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>The root without the login.</summary>
    public string PublicUrl => Login().Replace(Url, "$1", 1);

    /// <summary>True when there are no components below the suite.</summary>
    public bool IsFlat => Suite.EndsWith('/');

    /// <summary>Its name in lock and messages, such as <c>apt.example.com/debian/stable</c>.</summary>
    public string Id
    {
        get
        {
            var root = PublicUrl;
            var place = root[(root.IndexOf("://", StringComparison.Ordinal) is var at and >= 0 ? at + 3 : 0)..].TrimEnd('/');
            var suite = Suite.StartsWith("./", StringComparison.Ordinal) ? Suite[2..] : Suite.TrimStart('/');
            return suite.Length == 0 ? place : $"{place}/{suite.TrimEnd('/')}";
        }
    }

    [GeneratedRegex(@"\A([a-z]+://)[^/@]*@", RegexOptions.CultureInvariant)]
    private static partial Regex Login();
}
