using System.Globalization;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Sbom;

/// <summary>A piece of software in an image (SPDX 2.3, clause 7).</summary>
/// <param name="Kind">Type of its package URL: deb, pypi, conda, generic; null for what has none.</param>
/// <param name="Name">Its name where it comes from.</param>
/// <param name="Version">Its version.</param>
internal sealed record SpdxPackage(string? Kind, string Name, string Version)
{
    /// <summary>Value of <c>downloadLocation</c> where nobody wrote it down.</summary>
    public const string Unknown = "NOASSERTION";

    /// <summary>Value of <c>downloadLocation</c> of what nobody can download.</summary>
    public const string Nowhere = "NONE";

    /// <summary>Identifier in the document: letters, digits, "." and "-" (clause 3.2).</summary>
    public required string Id { get; init; }

    /// <summary>Who distributes it, e.g. <c>Organization: Debian</c>; null when not known.</summary>
    public string? Supplier { get; init; }

    /// <summary>URL of the file that it was installed from.</summary>
    public string DownloadLocation { get; init; } = Unknown;

    /// <summary>For people: what it was built from.</summary>
    public string? SourceInfo { get; init; }

    /// <summary>An SPDX licence expression; null when it has none that is one.</summary>
    public string? License { get; init; }

    /// <summary>SHA-256 of that file; null when not known.</summary>
    public Digest? Sha256 { get; init; }

    /// <summary>Its package URL (package-url/purl-spec); null for what no package manager has.</summary>
    public string? Purl { get; init; }

    /// <summary>A package of a Debian archive or of a system made like one.</summary>
    /// <param name="vendor"><c>ID</c> of os-release, lower case.</param>
    /// <param name="name">Binary package.</param>
    /// <param name="version">Its version.</param>
    /// <param name="architecture">Its architecture.</param>
    /// <param name="release">Its release, such as <c>debian-13</c>; null when not known.</param>
    /// <param name="source">What it was built from: <c>upstream</c> is how syft, grype and others name it, where it is not the package
    /// itself.</param>
    public static SpdxPackage Debian(string vendor, string name, string version, string architecture, string? release, SourcePackage source)
    {
        var sourceVersion = source.VersionFor(version);
        string[] qualifiers =
        [
            "arch=" + Escape(architecture),
            .. release is null ? (string[])[] : ["distro=" + Escape(release)],
            .. source.Name == name && sourceVersion == version ? (string[])[] : ["upstream=" + Escape($"{source.Name}@{sourceVersion}")],
        ];
        return new("deb", name, version)
        {
            Id = IdOf("deb", $"{name}-{architecture}"),
            Supplier = $"Organization: {CultureInfo.InvariantCulture.TextInfo.ToTitleCase(vendor)}",
            // The form of syft, which scanners read.
            SourceInfo = $"built from source package {source.Name} {sourceVersion}",
            Purl = $"pkg:deb/{vendor}/{Escape(name)}@{Escape(version)}?{string.Join('&', qualifiers)}",
        };
    }

    /// <summary>Torchyard's own program in the image.</summary>
    /// <param name="digest">Its hash.</param>
    public static SpdxPackage Supervisor(Digest digest) =>
        Other("torchyard-supervisor", SpdxDocument.ToolVersion) with
        {
            Supplier = "Organization: Torchyard",
            License = "Apache-2.0",
            Sha256 = digest,
            SourceInfo = "/usr/lib/torchyard/supervisor: a static program, with parts of .NET and of the C library linked in",
        };

    /// <summary>A Python distribution.</summary>
    /// <param name="name">Normalised name (PEP 503), which is also the one of package URLs.</param>
    /// <param name="version">Its version.</param>
    public static SpdxPackage Python(string name, string version) =>
        new("pypi", name, version) { Id = IdOf("pypi", $"{name}-{version}"), Purl = $"pkg:pypi/{Escape(name)}@{Escape(version)}" };

    /// <summary>A package of conda.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="version">Its version.</param>
    /// <param name="build">Its build string; null when not known.</param>
    /// <param name="platform">Its subdirectory of a channel, e.g. <c>linux-64</c>; null when not known.</param>
    public static SpdxPackage Conda(string name, string version, string? build, string? platform)
    {
        string[] qualifiers =
        [
            .. build is null ? [] : (string[])["build=" + Escape(build)],
            .. platform is null ? [] : (string[])["subdir=" + Escape(platform)],
        ];
        return new("conda", name, version)
        {
            Id = IdOf("conda", $"{name}-{version}"),
            Purl = $"pkg:conda/{Escape(name)}@{Escape(version)}{(qualifiers.Length > 0 ? "?" + string.Join('&', qualifiers) : "")}",
        };
    }

    /// <summary>Something that no package manager has.</summary>
    public static SpdxPackage Other(string name, string version) =>
        new("generic", name, version) { Id = IdOf("generic", $"{name}-{version}"), Purl = $"pkg:generic/{Escape(name)}@{Escape(version)}" };

    /// <summary>An identifier: other characters are written as their code.</summary>
    public static string IdOf(string kind, string text) =>
        $"SPDXRef-{kind}-"
        + string.Concat(
            text.Select(character =>
                char.IsAsciiLetterOrDigit(character) || character is '.' or '-' ? character.ToString() : $"-{(int)character:x}-"
            )
        );

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
