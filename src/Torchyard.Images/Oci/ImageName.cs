using System.Text.RegularExpressions;

namespace Torchyard.Images.Oci;

/// <summary>Name and tag of an image (distribution-spec, "Pulling manifests": name and reference).</summary>
/// <param name="Name">Lower case, parts divided by slashes, possibly with a registry in front.</param>
/// <param name="Tag">Tag.</param>
internal sealed partial record ImageName(string Name, string Tag)
{
    private const int LongestName = 255;
    private const int LongestTag = 128;

    /// <summary>Reads <c>name[:tag]</c>; the tag is <c>latest</c> when it is missing.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ImageName? name)
    {
        var match = text.Length <= LongestName + 1 + LongestTag ? Pattern().Match(text) : Match.Empty;
        name =
            match.Success && match.Groups["name"].Length <= LongestName
                ? new ImageName(match.Groups["name"].Value, match.Groups["tag"].Success ? match.Groups["tag"].Value : "latest")
                : null;
        return name is not null;
    }

    /// <inheritdoc />
    public override string ToString() => $"{Name}:{Tag}";

    [GeneratedRegex(
        @"^(?<name>([a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)(:(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Pattern();
}
