using System.Text.RegularExpressions;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Mirror.Requests;

/// <summary>
/// Names that a registry takes (distribution-spec, "Pulling manifests"). None of them can leave a directory: a part of a repository's
/// begins with a letter or digit, and a tag with no dot.
/// </summary>
internal static partial class Names
{
    // What clients hold to, with the host before it; and what a file name may have.
    private const int LongestRepository = 255;

    /// <summary>True for the name of a repository.</summary>
    public static bool IsRepository(string text) => text.Length is > 0 and <= LongestRepository && Repository().IsMatch(text);

    /// <summary>True for a tag.</summary>
    public static bool IsTag(string text) => Tag().IsMatch(text);

    /// <summary>The first part of the names of repositories that come from a registry: a port has no place in them.</summary>
    public static string OfUpstream(string registry) => JoinedMirror.FirstPart(registry);

    [GeneratedRegex(@"\A[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Repository();

    [GeneratedRegex(@"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}
