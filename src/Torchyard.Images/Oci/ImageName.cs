using System.Text.RegularExpressions;

namespace Torchyard.Images.Oci;

/// <summary>Name and tag of an image (distribution-spec, "Pulling manifests": name and reference).</summary>
/// <param name="Name">Lower case, parts divided by slashes, possibly with a registry in front.</param>
/// <param name="Tag">Tag.</param>
internal sealed partial record ImageName(string Name, string Tag)
{
    /// <summary>The registry of names that have none.</summary>
    internal const string Hub = "docker.io";

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

    /// <summary>
    /// The name as registries have it, with docker's rules: without a registry in front it is Docker Hub's, whose own images are in
    /// <c>library/</c>.
    /// </summary>
    public ImageName Full
    {
        get
        {
            var slash = Name.IndexOf('/', StringComparison.Ordinal);
            var first = slash < 0 ? "" : Name[..slash];
            var hasHost = first == "localhost" || first.Any(character => character is '.' or ':' || char.IsAsciiLetterUpper(character));
            var (host, path) = hasHost ? (first, Name[(slash + 1)..]) : (Hub, Name);
            host = host is "index.docker.io" or "registry-1.docker.io" ? Hub : host;
            return this with
            {
                Name = host == Hub && !path.Contains('/', StringComparison.Ordinal) ? $"{host}/library/{path}" : $"{host}/{path}",
            };
        }
    }

    /// <inheritdoc />
    public override string ToString() => $"{Name}:{Tag}";

    [GeneratedRegex(
        @"^(?<name>([a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)(:(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Pattern();
}
