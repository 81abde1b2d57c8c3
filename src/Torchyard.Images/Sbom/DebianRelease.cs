using System.Text.RegularExpressions;

namespace Torchyard.Images.Sbom;

/// <summary>A source package, to whose name and version security advisories of a distribution refer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version; null when it is that of the binary package.</param>
internal sealed partial record SourcePackage(string Name, string? Version)
{
    /// <summary>
    /// Its version, beside that of one of its binary packages: a rebuild of the binary alone (<c>+b3</c>) is not part of it.
    /// </summary>
    public string VersionFor(string binary) => Version ?? Rebuild().Replace(binary, "");

    [GeneratedRegex(@"\+b[0-9]+\z")]
    private static partial Regex Rebuild();
}

/// <summary>
/// The release of a distribution as scanners look advisories up by: <c>debian-13</c> (qualifier <c>distro</c> of a package URL).
/// </summary>
internal static class DebianRelease
{
    // wiki.debian.org/DebianReleases. os-release of a suite that is not released has no number.
    private static readonly Dictionary<string, string> Numbers = new(StringComparer.Ordinal)
    {
        ["buster"] = "10",
        ["bullseye"] = "11",
        ["bookworm"] = "12",
        ["trixie"] = "13",
        ["forky"] = "14",
        ["duke"] = "15",
        ["sid"] = "unstable",
    };

    /// <summary>The qualifier; null when the release is not known.</summary>
    /// <param name="vendor"><c>ID</c> of os-release.</param>
    /// <param name="version"><c>VERSION_ID</c> of os-release.</param>
    /// <param name="suite">Code name or suite.</param>
    public static string? Of(string vendor, string? version, string? suite) =>
        (version ?? (vendor == "debian" && suite is not null ? Numbers.GetValueOrDefault(suite.Split('-')[0], suite) : suite))
            is { } release
            ? $"{vendor}-{release}"
            : null;
}
