using Torchyard.Platform.Digests;

namespace Torchyard.Images.Sbom;

/// <summary>What a bill of materials lists.</summary>
/// <param name="Name">Name of the image.</param>
/// <param name="Tag">Its tag.</param>
/// <param name="Created">Its date, seconds since 1970.</param>
/// <param name="Packages">What is in it; identifiers are unique.</param>
internal sealed record SpdxContent(string Name, string Tag, long Created, IReadOnlyList<SpdxPackage> Packages)
{
    /// <summary>The image that this one was made on; null for none.</summary>
    public Digest? Base { get; init; }

    /// <summary>Licences that SPDX has no identifier for (clause 10).</summary>
    public IReadOnlyList<SpdxLicense> Licenses { get; init; } = [];
}

/// <summary>A licence of the document's own.</summary>
/// <param name="Id"><c>LicenseRef-…</c>.</param>
/// <param name="Name">For people.</param>
/// <param name="Text">The text, or where it is.</param>
/// <param name="Url">Where it was published.</param>
internal sealed record SpdxLicense(string Id, string Name, string Text, string Url);
